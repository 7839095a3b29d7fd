"""An election from the first draft to the printed result, by the commission, with the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from sqlalchemy import select

from models import Election, ElectionStatus, StaffRole, Voter, db
from services.ballots import Choice
from services.clock import utc_now
from services.embedded_postgres import EmbeddedPostgres
from tests import factories
from tests.factories import PASSWORD
from tests.support import live_site, voting
from tests.support.keys import Keys
from tests.support.live_site import DESK_SCREEN, Site

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]

TITLE = "Harbour Rowing Club: treasurer"
NAMES = ("Ruth Oyelaran", "Emil Brandt")


@pytest.fixture
def site(postgres: EmbeddedPostgres, template: str, tmp_path: Path) -> Iterator[Site]:
    with live_site.serve(postgres, template, tmp_path) as site:
        factories.StaffUserFactory(username="ada", role=StaffRole.ADMIN)
        factories.StaffUserFactory(username="otto", role=StaffRole.OFFICER)
        factories.VoterFactory.create_batch(3)
        db.session.commit()
        yield site


def desk_of(site: Site, username: str) -> tuple[Page, Keys]:
    page = site.page("/", viewport=DESK_SCREEN, accept_downloads=True)
    page.locator("[data-module=doors][data-bound]").wait_for()
    keys = Keys(page)
    keys.press("Election Commission", "BUTTON")
    keys.type(username)
    keys.reach("Password")
    keys.type(PASSWORD)
    follow(page, keys, "Sign in", "BUTTON")
    return page, keys


def follow(page: Page, keys: Keys, name: str, tag: str) -> None:
    """Press what leads to another page, and wait for it."""
    with page.expect_navigation():
        keys.press(name, tag)


def type_moment(keys: Keys, page: Page, label: str, days: int) -> None:
    """Type a day of the browser's own calendar field, and noon, in the order in which this Chromium asks for them."""
    keys.reach(label, "INPUT")
    day = utc_now() + timedelta(days=days)
    page.keyboard.type(day.strftime("%m%d%Y"))
    page.keyboard.press("Tab")
    page.keyboard.type("1200PM")
    assert page.evaluate("document.activeElement.value") == day.strftime("%Y-%m-%dT12:00")


def the_election() -> Election:
    db.session.rollback()
    return db.session.scalars(select(Election).where(Election.title == TITLE)).one()


def test_an_election_goes_from_its_draft_to_the_printed_result_by_keyboard(site: Site) -> None:
    page, keys = desk_of(site, "ada")
    make_the_draft(page, keys)
    put_otto_on_the_list(page, keys)
    add_candidates(page, keys)
    fill_the_roll(page, keys)
    open_it(page, keys)

    election = the_election()
    voters = list(db.session.scalars(select(Voter).order_by(Voter.id)))
    first, second = (choice.id for choice in election.candidates)
    for voter, choice in zip(voters, (first, first, second), strict=True):
        voting.cast_by(voter, election, Choice((choice,)))

    ask_to_close(page, keys)
    assert the_election().status is ElectionStatus.ACTIVE
    confirm(*desk_of(site, "otto"))
    assert the_election().status is ElectionStatus.CLOSED
    voting.seal_all()
    print_the_result(page, keys)
    assert keys.unseen == []


def make_the_draft(page: Page, keys: Keys) -> None:
    follow(page, keys, "^Elections$", "A")
    follow(page, keys, "Add an election", "A")
    keys.reach("Title")
    keys.type(TITLE)
    type_moment(keys, page, "Opens", days=-1)
    type_moment(keys, page, "Closes", days=1)
    keys.reach("Open even when nobody is enrolled")
    page.keyboard.press("Space")
    follow(page, keys, "Save the draft", "BUTTON")
    expect(page.get_by_role("heading", level=1)).to_contain_text(TITLE)
    expect(page.get_by_text("The electoral roll is empty")).to_be_visible()


def put_otto_on_the_list(page: Page, keys: Keys) -> None:
    """Nobody but its author sees a new election; who is to confirm its dangerous acts has to be on its list."""
    follow(page, keys, "Who sees it|Staff of this election", "A")
    keys.reach("Member of staff", "SELECT")
    keys.type("otto")
    follow(page, keys, "Add to the list", "BUTTON")
    expect(page.get_by_role("cell", name="otto").first).to_be_visible()


def add_candidates(page: Page, keys: Keys) -> None:
    for name in NAMES:
        follow(page, keys, "^Candidates$", "A")
        follow(page, keys, "Add a candidate", "A")
        keys.reach("^Name")
        keys.type(name)
        follow(page, keys, "Add the candidate", "BUTTON")
        expect(page.get_by_role("row", name=re.compile(name))).to_be_visible()


def fill_the_roll(page: Page, keys: Keys) -> None:
    follow(page, keys, "^Roll$", "A")
    follow(page, keys, "Choose voters", "A")
    follow(page, keys, "Add all 3 found", "BUTTON")
    expect(page.get_by_text(re.compile("3 voters")).first).to_be_visible()


def open_it(page: Page, keys: Keys) -> None:
    follow(page, keys, "^Elections$", "A")
    keys.press(TITLE, "A")
    page.wait_for_url(re.compile(r"/admin/elections/\d+$"))
    follow(page, keys, "^Open the election$", "BUTTON")
    expect(page.get_by_text("The election is open.")).to_be_visible()


def ask_to_close(page: Page, keys: Keys) -> None:
    follow(page, keys, "^Live desk$", "A")
    follow(page, keys, "Close early", "BUTTON")
    expect(page.get_by_role("heading", name="Close the election now?")).to_be_visible()
    keys.reach("^Reason", "TEXTAREA")
    keys.type("Everybody has voted")
    follow(page, keys, "Ask to close the election", "BUTTON")


def confirm(page: Page, keys: Keys) -> None:
    follow(page, keys, "Approvals", "A")
    follow(page, keys, "Confirm: do it now", "BUTTON")
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    assert keys.unseen == []


def print_the_result(page: Page, keys: Keys) -> None:
    follow(page, keys, "^Result$", "A")
    expect(page.get_by_role("heading", level=1)).to_contain_text(NAMES[0])
    with page.expect_download() as download:
        keys.press("PDF to print", "A")
    printed = "".join(part.extract_text() for part in PdfReader(download.value.path()).pages)
    assert all(name in printed for name in (TITLE, *NAMES))
    assert re.search(r"2\s+66\.7", printed)
