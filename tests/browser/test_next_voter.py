"""However a voter ends, the next one finds the booth as it is: no larger text, no contrast, no voice, no frame."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from models import db
from services import kiosks
from services.actor import SYSTEM
from tests import factories
from tests.services.identification import acting
from tests.support import demo, kiosk_states, live_site
from tests.support.demo import Demo
from tests.support.live_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
Way = Callable[[Site, Demo, Page], None]
WAYS: dict[str, Way] = {}
MINE = {"text": "on", "contrast": "on", "speech": "on", "sound": "off", "rate": "faster", "scan": "on"}
"""In this order: turning the voice on turns the sound on, which may be turned off again."""
DEFAULTS = {"text": "off", "contrast": "off", "sound": "on", "speech": "off", "rate": "normal", "scan": "off"}
STATE = """async names => {
  const display = await import(new URL("lib/display.js", document.querySelector("script[type=module]").src));
  return Object.fromEntries(names.map(name => [name, display.get(name)]));
}"""
TURN = """async mine => {
  const display = await import(new URL("lib/display.js", document.querySelector("script[type=module]").src));
  for (const [name, value] of Object.entries(mine)) display.set(name, value);
}"""


def way(drive: Way) -> Way:
    WAYS[drive.__name__] = drive
    return drive


def vote(site: Site, page: Page) -> None:
    kiosk_states.ballot(site, page)
    kiosk_states.review(page)
    page.get_by_role("button", name="Cast my vote").click()
    kiosk_states.shown(page, "Your vote is cast")


def start(page: Page) -> None:
    page.get_by_role("link", name="Back to the start").locator("visible=true").click()


@way
def finishes(site: Site, filled: Demo, page: Page) -> None:
    vote(site, page)
    page.get_by_role("link", name="Finish").click()


@way
def walks_away_from_the_receipt(site: Site, filled: Demo, page: Page) -> None:
    page.clock.install()
    vote(site, page)
    page.clock.run_for(31_000)


@way
def pulls_the_plug_at_the_receipt(site: Site, filled: Demo, page: Page) -> None:
    vote(site, page)
    page.reload()


@way
def leaves_without_voting(site: Site, filled: Demo, page: Page) -> None:
    kiosk_states.ballot(site, page)
    page.get_by_role("button", name="Leave without voting").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave without voting").click()


@way
def loses_the_ballot_elsewhere(site: Site, filled: Demo, page: Page) -> None:
    """The pass was ended by somebody else: the ballot's address leads back to step 1 by itself."""
    kiosk_states.ballot(site, page)
    token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    page.request.post("/poll/leave", headers={"X-CSRFToken": token, "Referer": page.url})
    page.goto("/poll/ballot")


@way
def runs_out_of_time(site: Site, filled: Demo, page: Page) -> None:
    kiosk_states.ballot(site, page, seconds=8)
    kiosk_states.shown(page, "The time for this ballot is over")
    start(page)


@way
def runs_out_of_time_and_walks_away(site: Site, filled: Demo, page: Page) -> None:
    page.clock.install()
    kiosk_states.ballot(site, page, seconds=8)
    page.clock.run_for(4_000)
    kiosk_states.shown(page, "The time for this ballot is over")
    page.clock.run_for(61_000)


@way
def has_voted_before(site: Site, filled: Demo, page: Page) -> None:
    voter = demo.new_voter(filled.secret, kiosk_states.ENROLLED)
    acting.vote(site.kiosk, voter, acting.Actor("kiosk", site.kiosk.id, "Booth", "127.0.0.1"))
    kiosk_states.type_number(page, voter.voter_id)
    kiosk_states.shown(page, re.compile("Your vote was cast at"))
    start(page)


@way
def is_sent_away_by_the_officer(site: Site, filled: Demo, page: Page) -> None:
    voter = demo.new_voter(filled.secret, kiosk_states.ENROLLED)
    for _ in range(3):
        acting.failed_before(site.kiosk, voter, kiosk_states.AuthResult.MISMATCH)
    kiosk_states.type_number(page, voter.voter_id)
    kiosk_states.shown(page, "The officer is coming. Stay here.")
    page.get_by_role("button", name="Officer: identify by document").locator("visible=true").click()
    page.get_by_role("button", name="Cancel").click()


@way
def walks_away_from_the_first_screen(site: Site, filled: Demo, page: Page) -> None:
    page.clock.install()
    page.goto("/poll/")
    page.locator("[data-module=keypad][data-bound]").wait_for()
    page.get_by_label("Voter ID", exact=True).fill("2048")
    page.clock.run_for(91_000)
    expect(page.get_by_label("Voter ID", exact=True)).to_have_value("")


@way
def walks_away_and_somebody_loads_the_page_anew(site: Site, filled: Demo, page: Page) -> None:
    page.evaluate("sessionStorage.setItem('kiosk.at', String(Date.now() - 121000))")
    page.goto("/poll/")


@way
def is_there_when_the_desk_stops_the_booth(site: Site, filled: Demo, page: Page) -> None:
    kiosk_states.type_number(page, demo.new_voter(filled.secret, kiosk_states.ENROLLED).voter_id)
    page.locator("[data-module=liveness][data-bound]").wait_for()
    kiosks.stop_kiosk(site.kiosk.id, "Fire alarm", SYSTEM)
    db.session.commit()
    page.wait_for_url(re.compile(r"room=polling"))
    officer = factories.StaffUserFactory(role=factories.StaffRole.OFFICER)
    _kiosk, token = kiosks.open_kiosk(filled.secret, officer, SYSTEM)
    db.session.commit()
    name, value = live_site.session_cookie(site.app, kiosk=token).split("=", 1)
    page.context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{site.web.port}"}])
    page.goto("/poll/")


@pytest.mark.parametrize("name", WAYS)
def test_the_next_voter_finds_the_booth_as_it_is(name: str, site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    page.locator(".k-tools[data-bound*=spoken]").wait_for()
    page.evaluate(TURN, MINE)
    page.evaluate("sessionStorage.setItem('kiosk.at', String(Date.now()))")
    assert page.evaluate(STATE, list(MINE)) == MINE
    WAYS[name](site, filled, page)
    kiosk_states.shown(page, "Type your voter ID")
    page.locator(".k-tools[data-bound*=spoken]").wait_for()
    assert page.evaluate(STATE, list(MINE)) == DEFAULTS
    root = page.locator("html")
    assert (root.get_attribute("data-theme"), root.get_attribute("data-text")) == (None, None)
    expect(page.get_by_role("button", name="Read aloud")).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_role("button", name="Sound on")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".scan-frame")).to_have_count(0)


def test_a_voter_who_types_again_keeps_the_switches(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    page.locator(".k-tools[data-bound*=spoken]").wait_for()
    page.evaluate(TURN, MINE)
    kiosk_states.type_number(page, "20481731")
    expect(page.get_by_role("alert")).to_contain_text("One digit is wrong")
    kiosk_states.type_number(page, demo.new_voter(filled.secret, kiosk_states.ENROLLED).voter_id)
    page.get_by_role("link", name="No, type it again").click()
    kiosk_states.shown(page, "Type your voter ID")
    assert page.evaluate(STATE, list(MINE)) == MINE
