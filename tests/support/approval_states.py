"""The states of the audit log and of dangerous acts: forms, what waits, what was decided, the banner."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from models import Refusal, StaffRole, db
from services import audit_logger, audit_trail
from services.actor import SYSTEM
from services.audit_trail import Refused
from services.audit_trail.requests import minute_of
from services.clock import utc_now
from tests.support import approvals
from tests.support.demo import Demo
from tests.support.live_site import Site

STATES: dict[str, Callable[[Site, Demo], Page]] = {}


def state(drive: Callable[[Site, Demo], Page]) -> Callable[[Site, Demo], Page]:
    STATES[drive.__name__] = drive
    return drive


@state
def audit_log(site: Site, demo: Demo) -> Page:
    approvals.play(demo.secret, demo.recorded)
    audit_logger.record(
        "staff:candidate:changed", SYSTEM, election_id=demo.draft.id, name="Ida Brandt", subject_id=1,
        before={"name": "Ida Brand", "display_order": 3}, after={"name": "Ida Brandt", "display_order": 1},
    )  # fmt: skip
    db.session.commit()
    return site.staff_page("/admin/audit", election=demo.secret)


@state
def audit_log_finds_nothing(site: Site, demo: Demo) -> Page:
    return site.staff_page("/admin/audit?q=zebra&since=2026-13-45", election=demo.secret)


@state
def audit_export_with_errors(site: Site, demo: Demo) -> Page:
    page = site.staff_page("/admin/audit/export?kind=election", election=demo.secret)
    page.get_by_role("button", name="Download the encrypted file").click()
    expect(page.get_by_role("alert")).to_be_visible()
    return page


@state
def refused_requests(site: Site, demo: Demo) -> Page:
    moment = minute_of(utc_now())
    for kind, endpoint, address, times in (
        (Refusal.SIGN_IN, "auth.login", "192.0.2.7", 214), (Refusal.BURST, "", "192.0.2.7", 214),
        (Refusal.FORBIDDEN, "admin.voters", "198.51.100.20", 1), (Refusal.NOT_FOUND, "", None, 31),
    ):  # fmt: skip
        audit_trail.write_refusals({Refused(moment, kind, endpoint, "anonymous", address): times})
    db.session.commit()
    return site.staff_page("/admin/audit/requests", election=demo.secret)


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
