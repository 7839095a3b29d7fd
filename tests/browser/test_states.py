"""What happens between the happy steps: time runs out, the line breaks, a voter leaves, the next one comes."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import func, select

from models import RollEntry, Vote, Voter, db
from tests.support import acted_film, demo, desk_states, kiosk_states
from tests.support.demo import Demo
from tests.support.kiosk_states import ENROLLED, STRANGER, ballot, begin, perform, review, shown, start_camera
from tests.support.live_site import BOOTH_NAME, Site

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
PHONE = {"width": 360, "height": 780}
REFUSED_ONCE = """const camera = navigator.mediaDevices, allowed = camera.getUserMedia.bind(camera);
camera.getUserMedia = () => {
  camera.getUserMedia = allowed;
  return Promise.reject(new DOMException("Permission denied", "NotAllowedError"));
};"""
SAFE = "No vote was cast. Nothing is lost."


def votes_of(voter: Voter) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Vote).where(Vote.voter_id == voter.id)) or 0


def at_review(site: Site, filled: Demo, **options: object) -> tuple[Page, Voter]:
    page = site.kiosk_page(filled.secret, **options)  # type: ignore[arg-type]
    voter = ballot(site, page)
    review(page)
    return page, voter


def cast(page: Page) -> Page:
    page.get_by_role("button", name="Cast my vote").click()
    return shown(page, "Your vote is cast")


def test_a_ballot_that_ran_out_says_so_and_nothing_is_cast(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    voter = ballot(site, page, seconds=8)
    expect(page.get_by_role("dialog")).to_contain_text("Do you need more time?")
    shown(page, "The time for this ballot is over")
    expect(page.get_by_text("No vote was cast.")).to_be_visible()
    assert votes_of(voter) == 0
    page.get_by_role("link", name="Back to the start").click()
    shown(page, "Type your voter ID")


def test_more_time_is_given_three_times_and_then_the_officer_helps(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    voter = ballot(site, page, seconds=25)
    first = demo.newest_pass(voter).expires_at
    page.get_by_role("dialog").get_by_role("button", name="More time").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("[data-clock]")).to_have_text(re.compile(r"^2:5\d$"))
    assert (demo.newest_pass(voter).expires_at - first).total_seconds() > 120
    more = page.get_by_role("button", name="More time")
    for _ in range(2):
        with page.expect_response("**/poll/more-time") as answer:
            more.click()
        assert answer.value.status == 200
    with page.expect_response("**/poll/more-time") as answer:
        more.click()
    assert answer.value.status == 409
    expect(more).to_have_attribute("aria-disabled", "true")
    expect(page.locator("[data-speak]")).to_contain_text("Call the officer")


def test_who_leaves_without_voting_can_come_back(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    voter = ballot(site, page)
    kiosk_states.mark(page, "Rosa Demir")
    page.get_by_role("button", name="Leave without voting").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave without voting").click()
    shown(page, "Type your voter ID")
    assert demo.newest_pass(voter).ended_at is not None
    assert votes_of(voter) == 0
    page.go_back()
    expect(page.get_by_text("Rosa Demir")).to_have_count(0)
    page.goto("/poll/")
    kiosk_states.type_number(page, voter.voter_id)
    page.wait_for_load_state()
    expect(page.get_by_text("already voted")).to_have_count(0)


@pytest.mark.parametrize("lost", ["request", "answer", "half_an_answer"])
def test_a_cast_over_a_broken_line_is_repeated_with_its_key_and_counts_once(
    lost: str, site: Site, filled: Demo
) -> None:
    """Of half an answer the browser keeps the cookies, of a lost one nothing."""
    page, voter = at_review(site, filled)
    before = page.context.cookies()
    keys: list[str] = []
    sizes: set[int] = set()

    def line(route: Route) -> None:
        keys.append(parse_qs(route.request.post_data or "")["idempotency_key"][0])
        sizes.add(len(route.request.post_data or ""))
        if len(keys) > 1:
            return route.continue_()
        if lost != "request":
            route.fetch()
        if lost == "answer":
            page.context.clear_cookies()
            page.context.add_cookies(before)  # type: ignore[arg-type]
        return route.abort("connectionreset")

    page.route("**/poll/vote", line)
    page.get_by_role("button", name="Cast my vote").click()
    expect(page.get_by_text("The line is slow. Trying again.")).to_be_visible()
    page.wait_for_url("**/poll/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your vote is cast")
    expect(page.locator(".receipt")).to_be_visible()
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert sizes == {4096}, "the length of what is sent would tell NOTA from a name, and one choice from three"
    assert votes_of(voter) == 1


def test_a_line_that_stays_down_lets_the_voter_touch_again(site: Site, filled: Demo) -> None:
    page, voter = at_review(site, filled)
    page.locator("[data-module=ballot]").evaluate("main => { main.dataset.castPatience = 3; }")
    page.route("**/poll/vote", lambda route: route.abort("connectionreset"))
    page.get_by_role("button", name="Cast my vote").click()
    expect(page.get_by_text("The line is down.")).to_be_visible()
    assert votes_of(voter) == 0
    page.unroute("**/poll/vote")
    cast(page)
    assert votes_of(voter) == 1


CAMERAS = {
    "refused": ({"camera": False}, "The browser may not use the camera"),
    "missing": ({"script": kiosk_states.NO_CAMERA % "'NotFoundError'"}, "No camera was found"),
    "insecure": ({"camera": False, "host": BOOTH_NAME}, "The camera needs a secure address"),
}


@pytest.mark.parametrize("trouble", CAMERAS)
def test_a_camera_that_cannot_be_used_says_why_and_what_staff_do(trouble: str, site: Site, filled: Demo) -> None:
    options, heading = CAMERAS[trouble]
    page, voter = begin(site, filled, **options)
    start_camera(page)
    shown(page, heading)
    expect(page.get_by_text("Staff:").locator("visible=true")).to_have_count(1)
    expect(page.get_by_text(SAFE).locator("visible=true")).to_have_count(1)
    assert page.title().startswith("No camera")
    assert votes_of(voter) == 0


def test_a_camera_that_is_allowed_later_goes_on(site: Site, filled: Demo) -> None:
    site.webcam.show(acted_film.straight(ENROLLED))
    page, _voter = begin(site, filled, script=REFUSED_ONCE)
    start_camera(page)
    shown(page, "The browser may not use the camera")
    page.get_by_role("button", name="Try again").locator("visible=true").click()
    expect(page.locator("[data-move].here")).to_be_visible()


@pytest.mark.parametrize("way", ["reload", "back", "finish_and_back"])
def test_nothing_of_a_voter_comes_back_after_the_receipt(way: str, site: Site, filled: Demo) -> None:
    page, voter = at_review(site, filled)
    cast(page)
    code, reference = page.locator(".receipt").inner_text(), page.locator(".stub-l .code").inner_text()
    if way == "finish_and_back":
        page.get_by_role("link", name="Finish").click()
        shown(page, "Type your voter ID")
    if way == "reload":
        page.reload()
        shown(page, "Type your voter ID")
    else:
        page.go_back()
        page.wait_for_load_state()
    seen = page.content()
    for secret in (
        code,
        reference,
        "Rosa Demir",
        voter.name,
        voter.voter_id,
        f"{voter.voter_id[:4]} {voter.voter_id[4:]}",
    ):
        assert secret not in seen
    assert page.url.endswith("/poll/")


def test_the_receipt_clears_by_itself_and_more_time_keeps_it(site: Site, filled: Demo) -> None:
    page, _voter = at_review(site, filled)
    page.clock.install()
    cast(page)
    page.clock.run_for(20_000)
    page.get_by_role("button", name="More time").click()
    page.clock.run_for(20_000)
    shown(page, "Your vote is cast")
    page.clock.run_for(11_000)
    shown(page, "Type your voter ID")


def test_display_switches_last_for_one_voter(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    for name in ("Larger text", "High contrast", "Sound on"):
        page.get_by_role("button", name=name).click()
    root = page.locator("html")
    ballot(site, page)
    expect(root).to_have_attribute("data-theme", "contrast")
    expect(root).to_have_attribute("data-text", "large")
    expect(page.get_by_role("button", name="Sound off")).to_be_visible()
    review(page)
    cast(page)
    expect(root).to_have_attribute("data-theme", "contrast")
    page.get_by_role("link", name="Finish").click()
    shown(page, "Type your voter ID")
    assert root.get_attribute("data-theme") is None
    assert root.get_attribute("data-text") is None
    expect(page.get_by_role("button", name="Sound on")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Larger text")).to_have_attribute("aria-pressed", "false")


def test_a_button_touched_before_its_script_came_acts_once_when_it_is_there(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    on_the_way: list[Route] = []
    page.route(re.compile("kiosk-tools"), lambda route: on_the_way.append(route))
    page.reload()
    page.get_by_role("button", name="Larger text").click()
    page.get_by_role("button", name="Sound on").click()
    for script in on_the_way:
        script.continue_()
    expect(page.locator("html")).to_have_attribute("data-text", "large")
    expect(page.get_by_role("button", name="Larger text")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Sound off")).to_be_visible()


def test_a_touch_waits_ten_seconds_at_most_for_the_script_of_another_button(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret)
    page.clock.install()
    page.route(re.compile("kiosk-tools"), lambda _route: None)
    page.reload()
    page.get_by_role("button", name="1", exact=True).click()
    page.clock.run_for(9_000)
    number = page.get_by_label("Voter ID", exact=True)
    expect(number).to_have_value("")
    page.clock.run_for(2_000)
    expect(number).to_have_value("1")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_alarm_blinks_only_for_who_did_not_ask_for_stillness(motion: str, site: Site, filled: Demo) -> None:
    page, _voter = begin(site, filled, reduced_motion=motion)
    perform(page, STRANGER)
    shown(page, "This face does not match the voter ID")
    alarm = page.locator(".alarmed .alarm")
    expect(alarm).to_be_visible()
    name, opacity = alarm.evaluate("e => [getComputedStyle(e).animationName, getComputedStyle(e).opacity]")
    assert (name == "none") is (motion == "reduce")
    if motion == "reduce":
        assert opacity == "1"
        assert page.evaluate("document.getAnimations().length") == 0
    expect(page.get_by_text(SAFE).locator("visible=true")).to_have_count(1)


def test_an_unrecognised_voter_reads_one_reason_and_that_nothing_is_lost_once(site: Site, filled: Demo) -> None:
    page = kiosk_states.not_recognised(site, filled)
    expect(page.get_by_text("Not recognised yet")).to_be_visible()
    expect(page.get_by_text(SAFE).locator("visible=true")).to_have_count(1)
    assert page.locator(".alarm").is_hidden()


def test_all_six_choices_stand_above_the_bar_of_a_phone(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.secret, viewport=PHONE)
    ballot(site, page)
    last = page.locator("[data-choice]").last.bounding_box()
    bar = page.locator(".k-bar:visible").bounding_box()
    assert last is not None
    assert bar is not None
    assert last["y"] + last["height"] <= bar["y"]


def test_more_names_below_counts_every_name_that_is_not_wholly_seen(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.large, viewport={"width": 1280, "height": 800})
    ballot(site, page)
    button = page.locator("[data-below]")
    expect(button).to_be_visible()
    top = button.bounding_box()
    assert top is not None
    below = page.locator("[data-choice]").evaluate_all(
        "(rows, top) => rows.filter(row => row.getBoundingClientRect().bottom > top + 2).length", top["y"]
    )
    expect(button).to_have_text(f"{below} more names below")
    for _ in range(6):
        if not button.is_visible():
            break
        button.get_by_role("button").click()
        page.wait_for_timeout(200)
    expect(button).to_be_hidden()
    expect(page.locator("[data-choice]").last).to_be_in_viewport(ratio=1)


def test_who_tabs_onto_more_names_below_while_it_goes_away_stands_on_the_last_name(site: Site, filled: Demo) -> None:
    page = site.kiosk_page(filled.large, viewport={"width": 1280, "height": 800})
    ballot(site, page)
    page.locator("[data-below] button").focus()
    page.locator(".k-body").evaluate("body => { body.scrollTop = body.scrollHeight; }")
    expect(page.locator("[data-below]")).to_be_hidden()
    last = page.locator("[data-choice]").last
    expect(last.locator("input")).to_be_focused()
    expect(last.locator("input")).not_to_be_checked()
    expect(last).to_be_in_viewport(ratio=1)


def test_the_camera_of_the_desk_starts_above_the_five_cards_on_a_phone(site: Site, filled: Demo) -> None:
    page = desk_states.enrol(site, filled)
    page.set_viewport_size(PHONE)
    start = page.get_by_role("button", name="Start the camera").bounding_box()
    cards = page.locator(".shots").bounding_box()
    assert start is not None
    assert cards is not None
    assert start["y"] + start["height"] <= min(cards["y"], PHONE["height"])


def test_a_roll_entry_is_marked_once_only(site: Site, filled: Demo) -> None:
    page, voter = at_review(site, filled)
    page.get_by_role("button", name="Cast my vote").dblclick()
    shown(page, "Your vote is cast")
    assert votes_of(voter) == 1
    assert db.session.scalar(select(RollEntry.has_voted).where(RollEntry.voter_id == voter.id)) is True
