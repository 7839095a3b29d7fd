"""States of the roll, the groups and the imports of voters: name -> how to get there."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests import factories
from tests.support import voter_files
from tests.support.demo import Demo
from tests.support.live_site import Site

STATES: dict[str, Callable[[Site, Demo], Page]] = {}


def state(drive: Callable[[Site, Demo], Page]) -> Callable[[Site, Demo], Page]:
    STATES[drive.__name__] = drive
    return drive


@state
def roll_of_a_draft(site: Site, demo: Demo) -> Page:
    factories.GroupFactory(name="Branch North")
    page = site.staff_page("/admin/roll?show=off", election=demo.draft)
    page.get_by_label("Tick all on this page").check()
    return page


@state
def roll_change_question(site: Site, demo: Demo) -> Page:
    factories.VoterFactory(name="Late Comer")
    page = site.staff_page("/admin/roll?show=off&q=late", election=demo.secret)
    page.get_by_label("Tick Late Comer").first.check()
    page.get_by_role("button", name="Add the ticked voters…").click()
    expect(page.get_by_role("heading", level=1, name="Add to the roll of an open election")).to_be_visible()
    return page


@state
def group(site: Site, demo: Demo) -> Page:
    return site.staff_page(f"/admin/groups/{factories.GroupFactory().id}?show=off", election=demo.draft)


@state
def import_without_a_file(site: Site, demo: Demo) -> Page:
    page = site.staff_page("/admin/imports", election=demo.draft)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("alert")).to_be_visible()
    return page


@state
def import_at_work(site: Site, demo: Demo) -> Page:
    job = voter_files.taken_in(voter_files.GOOD, demo.draft)
    return site.staff_page(f"/admin/imports/{job.id}", election=demo.draft)


@state
def import_preview(site: Site, demo: Demo) -> Page:
    job = voter_files.checked(voter_files.MIXED, demo.draft)
    return site.staff_page(f"/admin/imports/{job.id}", election=demo.draft)


@state
def import_of_a_wrong_header(site: Site, demo: Demo) -> Page:
    job = voter_files.checked("mail address,who\r\na@b.example,Ana\r\n", demo.draft)
    return site.staff_page(f"/admin/imports/{job.id}", election=demo.draft)


@state
def import_done(site: Site, demo: Demo) -> Page:
    job = voter_files.imported(voter_files.MIXED, demo.draft)
    return site.staff_page(f"/admin/imports/{job.id}", election=demo.draft)
