"""The booth's states on the voting side: waiting, leaving, gone, cut off and back; the booth sheet balances in each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import func, select

from models import AuditLog, Vote, Voter, db
from services import booth_sheet
from services.booth_sheet import Figures
from services.clock import utc_now
from tests import factories
from tests.support import demo
from tests.support.demo import Demo, new_voter
from tests.support.kiosk_states import ballot, mark, review, shown, type_number
from tests.support.kiosk_states_voting import ASKED_AFTER, GONE_AFTER, idle_for, ready
from tests.support.live_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
A_DAY_AHEAD = "const now = Date.now; Date.now = () => now() + 86400000;"
DOWN, STARTING, BACK = "The line is down. Nothing is lost.", "The system is starting again.", "The line is back"
STILL_THERE = "Are you still there?"


def figures(site: Site) -> Figures:
    """Return the sums of this kiosk's sheet, which balances."""
    db.session.rollback()
    kiosk = site.kiosk
    (sheet,) = [sheet for sheet in booth_sheet.sheets(kiosk.election) if sheet.kiosk_id == kiosk.id]
    assert sheet.balanced
    return sheet.total


def votes_of(voter: Voter) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Vote).where(Vote.voter_id == voter.id)) or 0


def audits(site: Site, event_type: str) -> int:
    db.session.rollback()
    mine = AuditLog.event_type == event_type, AuditLog.details["kiosk"].astext == site.kiosk.name
    found = select(func.count()).select_from(AuditLog).where(*mine, AuditLog.election_id == site.kiosk.election_id)
    return db.session.scalar(found) or 0


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", name=words)).to_be_visible()


def open_dialogs(page: Page) -> list[str]:
    found: list[str] = page.evaluate("[...document.querySelectorAll('dialog[open]')].map(one => one.id)")
    return found


def at_review(site: Site, filled: Demo) -> tuple[Page, Voter]:
    page = site.kiosk_page(filled.secret)
    voter = ballot(site, page)
    review(page)
    return page, voter


def test_the_countdown_turns_into_the_keypad_by_the_servers_clock(site: Site, filled: Demo) -> None:
    ready(site, filled)  # the browser and the server have done it once: the page is there long before the time
    opens = utc_now() + timedelta(seconds=12)
    election = factories.make_open_election(opens_at=opens, closes_at=opens + timedelta(hours=1))
    page = site.kiosk_page(election, script=A_DAY_AHEAD)
    shown(page, re.compile("The election opens at"))
    expect(page.locator("[data-module=countdown]")).to_have_text(re.compile(r"^\d{1,2} seconds?$"))
    expect(page.get_by_label("Voter ID", exact=True)).to_have_count(0)

    shown(page, "Type your voter ID")
    assert utc_now() >= opens
    type_number(page, new_voter(election).voter_id)
    shown(page, "The officer helps you")
    assert figures(site).refused == 1


def test_leaving_asks_and_the_keyboard_finds_the_way_out_first(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    voter = ballot(site, page)
    mark(page, "Rosa Demir")
    page.locator("#leave[data-bound]").wait_for(state="attached")
    leave = page.get_by_role("button", name="Leave without voting")
    leave.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("No vote is cast")
    expect(page.get_by_role("button", name="Go back to my ballot")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("radio", name=re.compile("Rosa Demir"))).to_be_checked()
    assert demo.newest_pass(voter).ended_at is None

    leave.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    shown(page, "Type your voter ID")
    assert votes_of(voter) == 0
    assert (figures(site).left, figures(site).expired) == (1, 0)
    assert audits(site, "kiosk:ballot:returned") == 1
    type_number(page, voter.voter_id)
    shown(page, "The officer helps you")


def test_a_ballot_that_nobody_touches_asks_and_then_closes_itself(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    page.clock.install()
    voter = ballot(site, page)
    mark(page, "Rosa Demir")
    idle_for(page, ASKED_AFTER)
    expect(page.get_by_role("dialog")).to_contain_text(STILL_THERE)
    assert STILL_THERE in page.locator("[data-speak]").inner_text()
    clock = page.locator("[data-clock]").inner_text()
    page.get_by_role("button", name="I am here").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.locator("[data-clock]").inner_text() in (clock, "1:18", "1:17", "1:16")
    expect(page.get_by_role("radio", name=re.compile("Rosa Demir"))).to_be_checked()

    page.get_by_role("button", name="More time").click()
    expect(page.locator("[data-clock]")).to_have_text(re.compile("2:5"))
    idle_for(page, ASKED_AFTER)
    expect(page.get_by_role("dialog")).to_contain_text(STILL_THERE)
    idle_for(page, GONE_AFTER - ASKED_AFTER)
    shown(page, "This ballot was closed")
    expect(page.get_by_text("No vote was cast.")).to_be_visible()
    expect(page.get_by_text("Rosa Demir")).to_have_count(0)
    assert votes_of(voter) == 0
    assert audits(site, "kiosk:ballot:abandoned") == 1
    assert (figures(site).expired, figures(site).left) == (1, 0)
    idle_for(page, 61)
    shown(page, "Type your voter ID")


def test_a_ballot_that_ends_soon_asks_one_question_only(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    page.clock.install()
    ballot(site, page, seconds=125)
    idle_for(page, 96)
    assert open_dialogs(page) == ["time-up"]
    idle_for(page, 20)
    assert open_dialogs(page) == ["time-up"]


def test_a_touch_puts_the_question_off_and_the_officers_screen_stops_it(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    page.clock.install()
    ballot(site, page)
    idle_for(page, 90)
    page.keyboard.press("Shift")
    idle_for(page, 20)
    assert open_dialogs(page) == []
    page.get_by_role("button", name="More time").click()
    expect(page.locator("[data-clock]")).to_have_text(re.compile("2:5"))
    page.get_by_role("button", name="Call the officer").first.click()
    idle_for(page, GONE_AFTER + 10)
    assert open_dialogs(page) == ["officer"]
    assert audits(site, "kiosk:ballot:abandoned") == 0


def test_a_number_typed_while_the_line_is_down_goes_through_when_it_is_back(site: Site, filled: Demo) -> None:
    page, voter = ready(site, filled), new_voter(filled.secret)
    page.context.set_offline(True)
    type_number(page, voter.voter_id)
    heading(page, DOWN)
    page.keyboard.press("Escape")
    page.wait_for_timeout(2500)
    heading(page, DOWN)
    page.context.set_offline(False)
    heading(page, BACK)
    shown(page, "The officer helps you")
    assert figures(site).refused == 1


def test_a_link_waits_for_the_line_too(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    type_number(page, new_voter(filled.secret).voter_id)
    shown(page, "The officer helps you")
    page.context.set_offline(True)
    page.get_by_role("link", name="Back to the start").click()
    heading(page, DOWN)
    page.context.set_offline(False)
    shown(page, "Type your voter ID")


def test_a_vote_cast_before_the_line_is_back_arrives_once(site: Site, filled: Demo) -> None:
    page, voter = at_review(site, filled)
    page.context.set_offline(True)
    page.get_by_role("button", name="Cast my vote").click()
    expect(page.get_by_text("Trying again. Your vote counts once, however often it is sent.")).to_be_visible()
    assert votes_of(voter) == 0
    page.context.set_offline(False)
    shown(page, "Your vote is cast")
    assert votes_of(voter) == 1
    assert figures(site).votes == 1


def test_a_vote_that_was_cast_while_its_answer_was_lost_gives_the_receipt(site: Site, filled: Demo) -> None:
    page, voter = at_review(site, filled)
    lost: list[int] = []

    def drop(route: Route) -> None:
        if lost:
            return route.continue_()
        lost.append(route.fetch().status)
        return route.abort("connectionreset")

    page.route("**/poll/vote", drop)
    page.get_by_role("button", name="Cast my vote").click()
    expect(page.get_by_text("Your vote counts once")).to_be_visible()
    assert lost == [200]
    assert votes_of(voter) == 1
    shown(page, "Your vote is cast")
    expect(page.locator(".receipt")).to_be_visible()
    assert votes_of(voter) == 1
    assert figures(site).votes == 1


def test_the_ballots_clock_does_not_throw_a_cast_away(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    voter = ballot(site, page, seconds=20)
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    review(page)
    dropped: list[int] = []

    def drop(route: Route) -> None:
        dropped.append(route.fetch().status if not dropped else 0)
        route.abort("connectionreset")

    page.route("**/poll/vote", drop)
    page.get_by_role("button", name="Cast my vote").click()
    expect(page.locator("[data-clock]")).to_have_text("0:00")
    page.wait_for_timeout(1000)
    expect(page.get_by_text("Your vote counts once")).to_be_visible()
    page.unroute("**/poll/vote")
    shown(page, "Your vote is cast")
    assert votes_of(voter) == 1


def test_a_receipt_finished_while_the_line_is_down_is_covered_at_once(site: Site, filled: Demo) -> None:
    page, voter = at_review(site, filled)
    page.get_by_role("button", name="Cast my vote").click()
    shown(page, "Your vote is cast")
    page.context.set_offline(True)
    page.get_by_role("link", name="Finish").click()
    heading(page, DOWN)
    covered = page.locator("dialog[data-line]").evaluate(
        "dialog => getComputedStyle(dialog, '::backdrop').backgroundColor"
    )
    assert re.fullmatch(r"rgb\(\d+, \d+, \d+\)", covered), "the receipt shines through"
    page.context.set_offline(False)
    shown(page, "Type your voter ID")
    assert votes_of(voter) == 1


def test_a_ballot_that_runs_out_without_a_line_says_so_when_it_is_back(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    ballot(site, page, seconds=8)
    page.context.set_offline(True)
    heading(page, DOWN)
    page.context.set_offline(False)
    shown(page, "The time for this ballot is over")
    assert figures(site).expired == 1


@pytest.fixture
def restarted(site: Site) -> Iterator[None]:
    """Leave the server running, whatever a test did to it."""
    yield
    site.web.kill()
    site.web.start()


@pytest.mark.usefixtures("restarted")
def test_a_killed_server_is_waited_for_at_every_step(site: Site, filled: Demo) -> None:
    page = ready(site, filled)
    voter = new_voter(filled.secret)
    site.web.kill()
    type_number(page, voter.voter_id)
    heading(page, STARTING)
    site.web.start()
    shown(page, "The officer helps you")

    voter = ballot(site, page)
    review(page)
    site.web.kill()
    page.get_by_role("button", name="Cast my vote").click()
    expect(page.get_by_text("Your vote counts once")).to_be_visible()
    site.web.start()
    shown(page, "Your vote is cast")
    assert votes_of(voter) == 1
    site.web.kill()
    page.get_by_role("link", name="Finish").click()
    heading(page, STARTING)
    site.web.start()
    shown(page, "Type your voter ID")
    assert (figures(site).refused, figures(site).votes) == (1, 1)


@pytest.mark.parametrize("booth", ["the same", "another"])
def test_after_a_power_cut_the_voter_reads_that_the_vote_was_cast(booth: str, site: Site, filled: Demo) -> None:
    page, voter = at_review(site, filled)
    cut: list[int] = []

    def cut_off(route: Route) -> None:
        cut.append(route.fetch().status)
        page.context.set_offline(True)

    page.route("**/poll/vote", cut_off)
    page.get_by_role("button", name="Cast my vote").click()
    for _moment in range(600):
        if cut:
            break
        page.wait_for_timeout(100)
    page.unroute("**/poll/vote")
    assert votes_of(voter) == 1
    cookies = page.context.cookies()
    page.close()
    if booth == "another":
        again = site.kiosk_page(filled.secret)
    else:
        again = site.page("/poll/", f"{cookies[0]['name']}={cookies[0]['value']}")
    type_number(again, voter.voter_id)
    shown(again, re.compile(r"Your vote was cast at \d\d:\d\d"))
    expect(again.get_by_text("The receipt code cannot be shown again.")).to_be_visible()
    assert votes_of(voter) == 1
    assert figures(site).refused == 1


def test_nobody_at_the_question_are_you_this_person_sends_it_back_to_the_start(site: Site, filled: Demo) -> None:
    from tests.support.kiosk_states import begin

    page, _voter = begin(site, filled)
    page.clock.install()
    page.reload()
    page.locator("[data-module~=liveness][data-bound]").wait_for()
    idle_for(page, 121)
    shown(page, "Type your voter ID")
    assert figures(site).checkins == 0
