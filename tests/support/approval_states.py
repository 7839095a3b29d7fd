"""The states of dangerous acts on the desk: the forms, what waits, what was decided, and the banner on every page."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from models import StaffRole
from tests.support import approvals
from tests.support.demo import Demo
from tests.support.live_site import Site

STATES: dict[str, Callable[[Site, Demo], Page]] = {}


def state(drive: Callable[[Site, Demo], Page]) -> Callable[[Site, Demo], Page]:
    STATES[drive.__name__] = drive
    return drive


@state
def extend_question(site: Site, demo: Demo) -> Page:
    return site.staff_page(f"/admin/elections/{demo.secret.id}/extend", election=demo.secret)


@state
def extend_with_errors(site: Site, demo: Demo) -> Page:
    page = extend_question(site, demo)
    page.get_by_role("button", name="Ask to extend the election").click()
    expect(page.get_by_role("alert")).to_be_visible()
    return page


@state
def approvals_waiting(site: Site, demo: Demo) -> Page:
    """One request that waits for this officer, and one that was rejected."""
    approvals.play(demo.secret, demo.recorded)
    return site.staff_page("/admin/approvals", StaffRole.OFFICER, election=demo.secret)


@state
def approvals_banner(site: Site, demo: Demo) -> Page:
    approvals.play(demo.secret, demo.recorded)
    page = site.staff_page("/admin/elections", StaffRole.OFFICER, election=demo.secret)
    expect(page.get_by_text("for your confirmation")).to_be_visible()
    return page


@state
def approval_reject_dialog(site: Site, demo: Demo) -> Page:
    page = approvals_waiting(site, demo)
    page.get_by_role("button", name="Reject…").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    return page
