"""More states of the booth, beside those of kiosk_states: waiting, leaving, gone, cut off, and in error."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from config import PROJECT
from models import Voter
from services.actor import Actor
from services.clock import utc_now
from services.identification.guessing import FREE_GUESSES
from tests import factories
from tests.services.identification import acting
from tests.support.demo import Demo, new_voter
from tests.support.kiosk_states import ENROLLED, STATES, ballot, ballot_open, review, shown, state, type_number
from tests.support.live_site import Site
from tests.support.ranked import make_ranked

__all__ = ["STATES", "idle_for", "voted"]
ASKED_AFTER, GONE_AFTER = 101, 121
"""Seconds without a touch: a little later than the question, and than the end."""


def idle_for(page: Page, seconds: int) -> None:
    """Let the page's own clock run ahead; nobody touches anything."""
    page.clock.run_for(seconds * 1000)


def ready(site: Site, demo: Demo) -> Page:
    """Open a kiosk whose page has all its modules: nothing more is to be loaded when the line breaks."""
    page = site.kiosk_page(demo.secret, own=True)
    for module in ("keypad", "line-guard"):
        page.locator(f"[data-module~={module}][data-bound~={module}]").wait_for()
    return page


def voted(site: Site, demo: Demo) -> Voter:
    """Let a voter have voted a moment ago at this site's kiosk."""
    voter = new_voter(demo.secret, ENROLLED)
    acting.vote(site.kiosk, voter, Actor("kiosk", site.kiosk.id, "Booth", "127.0.0.1"))
    return voter


@state
def closed_at_the_start(site: Site, demo: Demo) -> Page:
    return shown(site.kiosk_page(demo.closed), "The election is closed")


@state
def not_open_yet_without_a_time(site: Site, demo: Demo) -> Page:
    return shown(site.kiosk_page(factories.ElectionFactory(opens_at=utc_now())), "The election is not open yet")


@state
def just_voted(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret)
    type_number(page, voted(site, demo).voter_id)
    return shown(page, re.compile("Your vote was cast at"))


@state
def leaving_asks(site: Site, demo: Demo) -> Page:
    page = ballot_open(site, demo)
    page.locator("#leave[data-bound]").wait_for(state="attached")
    page.get_by_role("button", name="Leave without voting").click()
    expect(page.get_by_role("dialog")).to_contain_text("Leave without voting?")
    return page


@state
def still_there(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret, own=True)
    page.clock.install()
    ballot(site, page)
    idle_for(page, ASKED_AFTER)
    expect(page.get_by_role("dialog")).to_contain_text("Are you still there?")
    page.evaluate("setInterval = null")
    return page


@state
def abandoned(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret, own=True)
    page.clock.install()
    ballot(site, page)
    idle_for(page, ASKED_AFTER)
    idle_for(page, GONE_AFTER - ASKED_AFTER)
    return shown(page, "This ballot was closed")


@state
def line_down(site: Site, demo: Demo) -> Page:
    page = ready(site, demo)
    page.context.set_offline(True)
    type_number(page, new_voter(demo.secret).voter_id)
    expect(page.get_by_role("heading", name="The line is down.")).to_be_visible()
    return page


@state
def system_starting(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret)
    page.route("**/poll/heartbeat", lambda route: route.fulfill(status=502))
    type_number(page, new_voter(demo.secret).voter_id)
    expect(page.get_by_role("heading", name="The system is starting again.")).to_be_visible()
    return page


@state
def casting_again(site: Site, demo: Demo) -> Page:
    page = ballot_open(site, demo)
    review(page)
    page.route("**/poll/vote", lambda route: route.abort("connectionreset"))
    page.get_by_role("button", name="Cast my vote").click()
    expect(page.get_by_text("Trying again. Your vote counts once")).to_be_visible()
    return page


@state
def slowed(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret)
    for number in range(FREE_GUESSES):
        type_number(page, factories.with_check_digit(9_700_000 + number))
        expect(page.get_by_role("alert")).to_contain_text("Nobody has this voter ID")
    type_number(page, factories.with_check_digit(9_700_100))
    return shown(page, "Wait a moment")


@state
def no_page_here(site: Site, demo: Demo) -> Page:
    return shown(site.kiosk_page(demo.secret, "/poll/nowhere"), "There is no page here")


@state
def something_broke(site: Site, demo: Demo) -> Page:
    words = (PROJECT / "templates/errors/booth_500.html").read_text("utf-8").replace("REQUEST_ID", "3f9a01bc")

    def broken(route: Route) -> None:
        route.fulfill(status=500, content_type="text/html; charset=utf-8", body=words)

    page = site.kiosk_page(demo.secret)
    page.route("**/poll/broken", broken)
    page.goto("/poll/broken")
    page.locator("[data-page][data-bound]").wait_for()
    return shown(page, "Something broke on our side")


@state
def ranked_ballot(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(make_ranked(demo.secret, title="Chess union: chair"))
    ballot(site, page)
    page.locator("[data-module=ranking][data-bound]").wait_for()
    for name in ("Viktor Hale", "Rosa Demir"):
        page.get_by_role("button", name=re.compile(f"{name}.*Make it your")).click()
    expect(page.locator("[data-entries] li")).to_have_count(2)
    return page


@state
def review_of_an_order(site: Site, demo: Demo) -> Page:
    page = ranked_ballot(site, demo)
    page.get_by_role("button", name="Check my choice").click()
    page.get_by_role("button", name="Cast my vote").wait_for()
    return page
