"""A whole vote for everyone: with two switches, with larger text, with the voice; each from the voter ID to the next voter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from models import Vote, Voter, db
from services.embedded_postgres import EmbeddedPostgres
from tests.support import demo, kiosk_states, live_site, voice
from tests.support.demo import Demo
from tests.support.kiosk_states import ENROLLED
from tests.support.live_site import Site
from tests.support.switches import Switches

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with live_site.serve(postgres, template, tmp_path_factory.mktemp("site"), RATE_LIMITS="off") as site:
        yield site


@pytest.fixture(scope="module")
def filled(site: Site) -> Demo:
    return demo.fill(site.app)


@pytest.fixture(autouse=True)
def pages_closed(site: Site) -> Iterator[None]:
    yield
    site.close_pages()


def votes_of(voter: Voter) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Vote).where(Vote.voter_id == voter.id)) or 0


def film(site: Site, page: Page) -> None:
    kiosk_states.film(site, page, ENROLLED)


def ready(page: Page, module: str) -> None:
    page.locator(f"[data-module~={module}][data-bound*={module}]").wait_for()
    page.locator(".k-tools[data-bound*=switch-scan][data-bound*=spoken]").wait_for(state="attached")


def test_a_voter_votes_with_two_switches_alone(site: Site, filled: Demo) -> None:
    voter = demo.new_voter(filled.secret, ENROLLED)
    page = site.kiosk_page(filled.secret)
    ready(page, "keypad")
    hands = Switches(page)
    hands.step()
    for digit in voter.voter_id:
        hands.digit(digit)
    assert page.locator("#voter_id").input_value() == voter.voter_id
    typed = hands.presses
    hands.press("Continue")
    ready(page, "liveness")
    film(site, page)
    hands.press("Yes, go on")
    page.wait_for_url("**/poll/ballot", timeout=60_000)
    ready(page, "ballot")
    hands.press("Rosa Demir")
    hands.press("Check my choice")
    expect(page.locator(".paper:visible")).to_contain_text("Rosa Demir")
    hands.press("Cast my vote")
    kiosk_states.shown(page, "Your vote is cast")
    page.wait_for_timeout(300)
    hands.press("Finish")
    kiosk_states.shown(page, "Type your voter ID")
    expect(page.locator(".scan-frame")).to_have_count(0)
    assert votes_of(voter) == 1
    assert hands.unseen == []
    print("presses", typed, hands.presses)
