"""Every state of the desk's and the public pages, driven in the running application: name -> how to get there."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import FilePayload, Page, expect

from models import StaffRole
from tests.support import (
    acted_film,
    approval_states,
    booth_states,
    pictures,
    result_states,
    roll_states,
    verify_states,
)
from tests.support.demo import Demo, new_voter
from tests.support.kiosk_states import ENROLLED, NO_CAMERA
from tests.support.live_site import KIOSK_SCREEN, Site

A_FILE: FilePayload = {"name": "picture.png", "mimeType": "image/png", "buffer": pictures.plain_picture()}
FILE_AGAIN = "Choose this file once more: the browser does not keep it."
EMPTY: dict[str, Callable[[Site], Page]] = {}
STATES: dict[str, Callable[[Site, Demo], Page]] = {}
PUBLIC: dict[str, Callable[[Site, Demo], Page]] = {}
EMPTY_PATHS = {
    "live_desk": "/admin/", "voters": "/admin/voters", "parties": "/admin/parties", "candidates": "/admin/candidates",
    "elections": "/admin/elections", "result": "/admin/results", "mailbox": "/ops/mailbox", "booths": "/admin/booths",
    "attempts": "/admin/attempts",
    "new_voter": "/admin/voters/new", "roll": "/admin/roll",
}  # fmt: skip
PATHS = {
    "voters": "/admin/voters", "voters_not_found": "/admin/voters?q=Solvieg", "parties": "/admin/parties",
    "new_party": "/admin/parties/new", "candidates": "/admin/candidates", "new_candidate": "/admin/candidates/new",
    "elections": "/admin/elections", "new_election": "/admin/elections/new", "new_voter": "/admin/voters/new",
    "mailbox": "/ops/mailbox", "not_found": "/admin/voters/99999", "roll": "/admin/roll", "groups": "/admin/groups",
}  # fmt: skip


def _empty(path: str) -> Callable[[Site], Page]:
    return lambda site: site.staff_page(path)


def _plain(path: str) -> Callable[[Site, Demo], Page]:
    return lambda site, demo: site.staff_page(path, election=demo.secret)


EMPTY |= {name: _empty(path) for name, path in EMPTY_PATHS.items()}
EMPTY["public_result"] = lambda site: site.page("/results/")
EMPTY["landing"] = lambda site: site.page("/", viewport=KIOSK_SCREEN)
STATES |= {name: _plain(path) for name, path in PATHS.items()}
STATES |= roll_states.STATES
STATES |= approval_states.STATES
STATES |= result_states.STATES


def state(drive: Callable[[Site, Demo], Page]) -> Callable[[Site, Demo], Page]:
    STATES[drive.__name__] = drive
    return drive


def public(drive: Callable[[Site, Demo], Page]) -> Callable[[Site, Demo], Page]:
    PUBLIC[drive.__name__] = drive
    return drive


def press(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=name).locator("visible=true").first.click()


@state
def live_desk(site: Site, demo: Demo) -> Page:
    return site.staff_page("/admin/", election=demo.secret)


@state
def live_desk_with_counts(site: Site, demo: Demo) -> Page:
    return site.staff_page("/admin/", election=demo.recorded)


@state
def live_desk_closed(site: Site, demo: Demo) -> Page:
    return site.staff_page("/admin/", election=demo.closed)


@state
def live_desk_draft(site: Site, demo: Demo) -> Page:
    return site.staff_page("/admin/", election=demo.draft)


@state
def live_desk_of_an_observer(site: Site, demo: Demo) -> Page:
    return site.staff_page("/admin/", StaffRole.OBSERVER, election=demo.secret)


@state
def result_hidden(site: Site, demo: Demo) -> Page:
    return site.staff_page("/admin/results", election=demo.secret)


@state
def result_final(site: Site, demo: Demo) -> Page:
    page = site.staff_page("/admin/results", election=demo.closed)
    for words in page.get_by_text("Show as a table").all():
        words.click()
    return page


@state
def voter(site: Site, demo: Demo) -> Page:
    return site.staff_page(f"/admin/voters/{new_voter(demo.secret, ENROLLED).id}", election=demo.secret)


@state
def voter_with_errors(site: Site, demo: Demo) -> Page:
    page = site.staff_page("/admin/voters/new", election=demo.secret)
    page.get_by_label("E-mail").fill("nobody")
    page.get_by_label("Date of birth").fill("32 13 1999")
    press(page, "Add the voter")
    expect(page.get_by_role("alert")).to_contain_text("Change this first")
    return page


@state
def delete_dialog(site: Site, demo: Demo) -> Page:
    page = voter(site, demo)
    press(page, "Delete the voter")
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


@state
def voter_saved(site: Site, demo: Demo) -> Page:
    page = voter(site, demo)
    press(page, "Save the changes")
    expect(page.get_by_text("The changes are saved.")).to_be_visible()
    return page


@state
def enrol(site: Site, demo: Demo) -> Page:
    return _enrol(site, demo)


@state
def enrol_running(site: Site, demo: Demo) -> Page:
    site.webcam.show(acted_film.straight(ENROLLED))
    page = _enrol(site, demo)
    press(page, "Start the camera")
    take = page.get_by_role("button", name="Take the picture")
    expect(take).to_have_attribute("aria-disabled", "false")
    take.click()
    expect(page.locator("[data-shot] canvas:visible")).to_have_count(1)
    return page


@state
def enrol_refused(site: Site, demo: Demo) -> Page:
    site.webcam.show(acted_film.picture(ENROLLED, faces=0) for _ in range(30))
    page = _enrol(site, demo)
    press(page, "Start the camera")
    page.locator("[data-gate][data-pip=bad]").first.wait_for()
    return page


@state
def enrol_without_camera(site: Site, demo: Demo) -> Page:
    page = _enrol(site, demo, script=NO_CAMERA % "'NotFoundError'")
    press(page, "Start the camera")
    expect(page.get_by_text("No camera was found").first).to_be_visible()
    return page


@state
def enrol_too_few(site: Site, demo: Demo) -> Page:
    page = _enrol(site, demo)
    page.get_by_label("The voter has read this and agrees").check()
    press(page, "Save the pictures")
    expect(page.locator("[data-error]")).to_be_visible()
    return page


def _enrol(site: Site, demo: Demo, **options: str) -> Page:
    number = new_voter(demo.secret).id
    page = site.staff_page(f"/admin/voters/{number}/enrol", election=demo.secret, **options)
    page.locator("[data-module=enrol-camera][data-bound]").wait_for()
    return page


@state
def party_with_errors(site: Site, demo: Demo) -> Page:
    page = site.staff_page("/admin/parties/new", election=demo.secret)
    page.get_by_label("Symbol").set_input_files(A_FILE)
    press(page, re.compile("Add the party"))
    expect(page.get_by_text(FILE_AGAIN)).to_have_count(2)
    return page


@state
def candidate_with_errors(site: Site, demo: Demo) -> Page:
    page = site.staff_page("/admin/candidates/new", election=demo.draft)
    page.get_by_label("Portrait").set_input_files(A_FILE)
    press(page, re.compile("Add the candidate"))
    expect(page.get_by_text(FILE_AGAIN)).to_have_count(2)
    return page


@state
def candidate_fixed(site: Site, demo: Demo) -> Page:
    page = site.staff_page("/admin/candidates", election=demo.secret)
    page.get_by_role("link", name="Rosa Demir").first.click()
    page.wait_for_url(re.compile(r"/candidates/\d+"))
    return page


@state
def election_draft(site: Site, demo: Demo) -> Page:
    return site.staff_page(f"/admin/elections/{demo.draft.id}", election=demo.draft)


@state
def election_open(site: Site, demo: Demo) -> Page:
    return site.staff_page(f"/admin/elections/{demo.secret.id}", election=demo.secret)


@state
def election_with_errors(site: Site, demo: Demo) -> Page:
    page = site.staff_page("/admin/elections/new", election=demo.secret)
    press(page, re.compile("Add|Save"))
    expect(page.get_by_role("alert")).to_be_visible()
    return page


@state
def recovery_copy_with_errors(site: Site, demo: Demo) -> Page:
    page = election_open(site, demo)
    page.get_by_label("Passphrase", exact=True).fill("short")
    press(page, "Download the copy")
    expect(page.get_by_role("alert")).to_be_visible()
    return page


@state
def close_question(site: Site, demo: Demo) -> Page:
    page = election_open(site, demo)
    press(page, "Close the election…")
    expect(page.get_by_role("heading", level=1, name="Close the election now?")).to_be_visible()
    return page


@state
def booths(site: Site, demo: Demo) -> Page:
    booth_states.fill(demo.secret)
    return site.staff_page("/admin/booths", StaffRole.OFFICER, election=demo.secret)


@state
def booth_stop_dialog(site: Site, demo: Demo) -> Page:
    page = booths(site, demo)
    page.get_by_role("button", name="Stop Booth").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


@state
def booth_sheets(site: Site, demo: Demo) -> Page:
    booth_states.fill(demo.secret)
    return site.staff_page("/admin/booths/sheets", StaffRole.OFFICER, election=demo.secret)


@state
def booth_note_missing(site: Site, demo: Demo) -> Page:
    page = booth_sheets(site, demo)
    press(page, "Store the note")
    expect(page.get_by_role("alert")).to_be_visible()
    return page


@state
def close_question_with_a_note(site: Site, demo: Demo) -> Page:
    booth_states.fill(demo.secret)
    page = close_question(site, demo)
    press(page, re.compile("(Close|Ask to close) the election$"))
    expect(page.get_by_role("alert")).to_be_visible()
    return page


@state
def reset_question(site: Site, demo: Demo) -> Page:
    page = election_open(site, demo)
    press(page, "Reset the election…")
    expect(page.get_by_role("heading", level=1, name=re.compile("Archive this round"))).to_be_visible()
    return page


@state
def reset_with_wrong_title(site: Site, demo: Demo) -> Page:
    page = reset_question(site, demo)
    page.get_by_label("Type the title").fill("something else")
    press(page, "Ask to archive and start afresh")
    expect(page.get_by_role("alert")).to_be_visible()
    return page


@state
def mail_of_a_vote(site: Site, demo: Demo) -> Page:
    return _mail(site, demo, re.compile("vote has been recorded"))


@state
def mail_of_an_alert(site: Site, demo: Demo) -> Page:
    return _mail(site, demo, re.compile("ALERT"))


def _mail(site: Site, demo: Demo, subject: re.Pattern[str]) -> Page:
    page = site.staff_page("/ops/mailbox", election=demo.secret)
    page.get_by_role("link", name=subject).first.click()
    page.wait_for_url(re.compile("/ops/mailbox/.+"))
    page.wait_for_load_state("networkidle")
    return page


@state
def not_allowed(site: Site, demo: Demo) -> Page:
    return site.staff_page("/admin/voters", StaffRole.OBSERVER, election=demo.secret)


@public
def landing(site: Site, demo: Demo) -> Page:
    return site.page("/", viewport=KIOSK_SCREEN)


@public
def commission_door(site: Site, demo: Demo) -> Page:
    page = landing(site, demo)
    press(page, re.compile("^Election Commission"))
    return page


@public
def polling_door(site: Site, demo: Demo) -> Page:
    page = landing(site, demo)
    press(page, re.compile("^Polling System"))
    return page


@public
def wrong_password(site: Site, demo: Demo) -> Page:
    page = commission_door(site, demo)
    page.get_by_label("User name").locator("visible=true").fill("nobody")
    page.get_by_label("Password").locator("visible=true").fill("nothing")
    press(page, "Sign in")
    expect(page.get_by_role("alert")).to_be_visible()
    return page


@public
def nothing_here(site: Site, demo: Demo) -> Page:
    return site.page("/nowhere", viewport=KIOSK_SCREEN)


@public
def broken(site: Site, demo: Demo) -> Page:
    """The page of an unexpected error is a file, so the picture needs no error."""
    page = site.page("/", viewport=KIOSK_SCREEN)
    words = site.app.open_resource("templates/errors/500.html", "rt", encoding="utf-8").read()
    page.route("**/broken", lambda route: route.fulfill(status=500, content_type="text/html", body=words))
    page.goto("/broken")
    return page


@public
def result_before_closing(site: Site, demo: Demo) -> Page:
    return site.page(f"/results/?election={demo.secret.id}", viewport=KIOSK_SCREEN)


@public
def result_counted_live(site: Site, demo: Demo) -> Page:
    return site.page(f"/results/?election={demo.recorded.id}", viewport=KIOSK_SCREEN)


@public
def result_after_closing(site: Site, demo: Demo) -> Page:
    return site.page(f"/results/?election={demo.closed.id}", viewport=KIOSK_SCREEN)


PUBLIC["public_tie"] = result_states.public_tie
PUBLIC |= verify_states.STATES
PUBLIC["signed_heads"] = result_states.signed_heads
