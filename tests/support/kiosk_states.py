"""Every state of the booth's pages, driven in the running application: name -> how to get there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from models import AuthResult, Voter
from tests.services.identification import acting
from tests.support import acted_film, voting
from tests.support.demo import Demo, new_voter, open_ballot
from tests.support.live_site import BOOTH_NAME, Site

Drive = Callable[[Site, Demo], Page]
STATES: dict[str, Drive] = {}
ENROLLED, STRANGER = 7, 9
NO_CAMERA = """navigator.mediaDevices.getUserMedia =
  () => Promise.reject(new DOMException("none", %s));"""

SCRIPTS_LISTEN = """() => [...document.querySelectorAll("[data-page][data-module]")].every((page) => {
  const bound = (page.dataset.bound ?? "").split(" ");
  return page.dataset.module.trim().split(/\\s+/).every((name) => bound.includes(name));
})"""


def state(drive: Drive) -> Drive:
    STATES[drive.__name__] = drive
    return drive


def type_number(page: Page, number: str) -> None:
    page.locator("[data-module=keypad][data-bound]").wait_for()
    page.get_by_label("Voter ID", exact=True).fill(number)
    page.get_by_role("button", name="Continue").click()


def begin(site: Site, demo: Demo, person: int | None = ENROLLED, **options: object) -> tuple[Page, Voter]:
    """Come to the question "Are you …?"."""
    voter = new_voter(demo.secret, person)
    page = site.kiosk_page(demo.secret, **options)  # type: ignore[arg-type]
    type_number(page, voter.voter_id)
    page.locator("[data-module=liveness][data-bound]").wait_for()
    return page, voter


def start_camera(page: Page) -> None:
    page.get_by_role("button", name="Yes, go on").click()


def film(page: Page, person: int) -> list[str]:
    """Put a person into the camera who does what this page's challenge asks; return that."""
    steps = json.loads(page.locator("[data-challenge]").get_attribute("data-challenge") or "{}")["steps"]
    acted_film.act(page, person, steps)
    return list(steps)


def perform(page: Page, person: int) -> None:
    """Let a person do what this page's challenge asks, from the first touch on."""
    film(page, person)
    start_camera(page)


def ballot(site: Site, page: Page, seconds: float = 180.0) -> Voter:
    """Let a voter be recognised at the page's kiosk, and open the ballot."""
    voter = open_ballot(site.kiosk, seconds)
    page.goto("/poll/ballot")
    page.locator("[data-module=ballot][data-bound]").wait_for()
    return voter


def mark(page: Page, name: str | re.Pattern[str]) -> None:
    """Touch a row of the ballot: the native button lies over all of it."""
    row = re.compile(name) if isinstance(name, str) else name
    page.get_by_role("radio", name=row).click()


def review(page: Page, name: str | re.Pattern[str] = "Rosa Demir") -> None:
    mark(page, name)
    page.get_by_role("button", name="Check my choice").click()
    page.get_by_role("button", name="Cast my vote").wait_for()


def shown(page: Page, heading: str | re.Pattern[str]) -> Page:
    """Wait for the page with this heading, and until its scripts listen."""
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
    page.wait_for_function(SCRIPTS_LISTEN)
    return page


@state
def id_empty(site: Site, demo: Demo) -> Page:
    return shown(site.kiosk_page(demo.secret), "Type your voter ID")


@state
def id_too_short(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret)
    type_number(page, "2048")
    expect(page.get_by_role("alert")).to_contain_text("Type all 8 digits")
    return page


@state
def id_letters(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret)
    page.get_by_role("button", name="ABC, show letters").click()
    expect(page.get_by_role("button", name="Q", exact=True)).to_be_visible()
    return page


@state
def id_wrong_digit(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret)
    type_number(page, "20481731")
    expect(page.get_by_role("alert")).to_contain_text("One digit is wrong")
    return page


@state
def id_not_on_roll(site: Site, demo: Demo) -> Page:
    voter = new_voter(demo.closed)
    page = site.kiosk_page(demo.secret)
    type_number(page, voter.voter_id)
    expect(page.get_by_role("alert")).to_contain_text("not on the electoral roll")
    return page


@state
def close_booth(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret)
    page.get_by_role("button", name=re.compile("close this booth")).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


@state
def officer_called(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret)
    page.get_by_role("button", name="Call the officer").click()
    expect(page.get_by_role("dialog")).to_contain_text("Raise your hand")
    return page


@state
def confirm(site: Site, demo: Demo) -> Page:
    return shown(begin(site, demo)[0], re.compile("Are you"))


@state
def camera_waits(site: Site, demo: Demo) -> Page:
    site.webcam.show(acted_film.straight(ENROLLED, 0.3))
    page, _voter = begin(site, demo)
    page.route("**/poll/auth/verify", lambda route: None)
    start_camera(page)
    return shown(page, "Look straight at the camera")


@state
def camera_movement(site: Site, demo: Demo) -> Page:
    site.webcam.show(acted_film.straight(ENROLLED))
    page, _voter = begin(site, demo)
    start_camera(page)
    page.locator("[data-move].here").wait_for()
    page.route("**/poll/auth/verify", lambda route: None)
    return page


@state
def camera_advice(site: Site, demo: Demo) -> Page:
    site.webcam.show(acted_film.picture(ENROLLED, faces=0) for _ in range(60))
    page, _voter = begin(site, demo)
    start_camera(page)
    page.locator("[data-advice]:visible").wait_for()
    page.route("**/poll/auth/verify", lambda route: None)
    return page


@state
def mismatch(site: Site, demo: Demo) -> Page:
    page, _voter = begin(site, demo)
    perform(page, STRANGER)
    return shown(page, "This face does not match the voter ID")


@state
def not_recognised(site: Site, demo: Demo) -> Page:
    site.webcam.show(acted_film.straight(ENROLLED))
    page, _voter = begin(site, demo)
    start_camera(page)
    page.get_by_role("button", name="Try again").locator("visible=true").wait_for()
    return page


@state
def officer_after_failures(site: Site, demo: Demo) -> Page:
    site.webcam.show(acted_film.straight(ENROLLED))
    page, voter = begin(site, demo)
    acting.failed_before(site.kiosk, voter, AuthResult.UNKNOWN, position=1)
    start_camera(page)
    return shown(page, "The officer is coming. Stay here.")


@state
def officer_at_start(site: Site, demo: Demo) -> Page:
    voter = new_voter(demo.secret, ENROLLED)
    page = site.kiosk_page(demo.secret)
    for _ in range(3):
        acting.failed_before(site.kiosk, voter, AuthResult.MISMATCH)
    type_number(page, voter.voter_id)
    return shown(page, "The officer is coming. Stay here.")


@state
def not_enrolled(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret)
    type_number(page, new_voter(demo.secret).voter_id)
    return shown(page, "The officer helps you")


@state
def camera_refused(site: Site, demo: Demo) -> Page:
    page, _voter = begin(site, demo, camera=False)
    start_camera(page)
    return shown(page, "The browser may not use the camera")


@state
def camera_missing(site: Site, demo: Demo) -> Page:
    page, _voter = begin(site, demo, script=NO_CAMERA % "'NotFoundError'")
    start_camera(page)
    return shown(page, "No camera was found")


@state
def camera_busy(site: Site, demo: Demo) -> Page:
    page, _voter = begin(site, demo, script=NO_CAMERA % "'NotReadableError'")
    start_camera(page)
    return shown(page, "Another program uses the camera")


@state
def camera_insecure(site: Site, demo: Demo) -> Page:
    page, _voter = begin(site, demo, host=BOOTH_NAME, camera=False)
    start_camera(page)
    return shown(page, "The camera needs a secure address")


@state
def ballot_open(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret)
    ballot(site, page)
    return shown(page, "Touch one name")


@state
def ballot_nothing_chosen(site: Site, demo: Demo) -> Page:
    page = ballot_open(site, demo)
    page.get_by_role("button", name="Check my choice").click()
    expect(page.get_by_role("alert").locator("visible=true")).to_contain_text("Touch one name first")
    return page


@state
def ballot_marked(site: Site, demo: Demo) -> Page:
    page = ballot_open(site, demo)
    mark(page, "Rosa Demir")
    return page


@state
def ballot_with_many_names(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.large)
    ballot(site, page)
    for box in page.get_by_role("checkbox").all()[:4]:
        box.click()
    expect(page.get_by_role("alert").locator("visible=true")).to_contain_text("You can choose 3")
    return page


@state
def time_nearly_over(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret)
    ballot(site, page, seconds=29)
    expect(page.get_by_role("dialog")).to_contain_text("Do you need more time?")
    page.evaluate("setInterval = null")
    return page


@state
def review_of_one(site: Site, demo: Demo) -> Page:
    page = ballot_open(site, demo)
    review(page)
    return page


@state
def review_of_several(site: Site, demo: Demo) -> Page:
    page = ballot_with_many_names(site, demo)
    page.get_by_role("button", name="Check my choice").click()
    page.get_by_role("button", name="Cast my vote").wait_for()
    return page


@state
def review_of_nobody(site: Site, demo: Demo) -> Page:
    page = ballot_open(site, demo)
    review(page, "None of the above")
    return page


@state
def receipt(site: Site, demo: Demo) -> Page:
    page = review_of_one(site, demo)
    page.get_by_role("button", name="Cast my vote").click()
    return shown(page, "Your vote is cast")


@state
def receipt_of_recorded_vote(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.recorded)
    ballot(site, page)
    review(page)
    page.get_by_role("button", name="Cast my vote").click()
    return shown(page, "Your vote is cast")


@state
def already_voted(site: Site, demo: Demo) -> Page:
    voter = new_voter(demo.secret, ENROLLED)
    page = site.kiosk_page(demo.secret)
    acting.vote(site.kiosk, voter, acting.Actor("kiosk", site.kiosk.id, "Booth", "127.0.0.1"))
    voting.set_back_an_hour(voter)
    type_number(page, voter.voter_id)
    return shown(page, "You have already voted")


@state
def not_open_yet(site: Site, demo: Demo) -> Page:
    return shown(site.kiosk_page(demo.early), re.compile("The election opens at"))


@state
def closed(site: Site, demo: Demo) -> Page:
    voter = new_voter(demo.closing)
    page = site.kiosk_page(demo.closing)
    demo.close(demo.closing)
    type_number(page, voter.voter_id)
    return shown(page, "The election is closed")


@state
def closed_before_casting(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.last)
    ballot(site, page)
    review(page, "None of the above")
    demo.close(demo.last)
    page.get_by_role("button", name="Cast my vote").click()
    return shown(page, "The election is closed")
