"""The states of candidates, of the rules before voting and of ties on the desk."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from models import Election, Secrecy, db, transaction, use_role
from services import elections, heads
from services.actor import SYSTEM
from services.clock import utc_now
from services.ties import Drawing, resolve_tie
from tests import factories
from tests.support import ties, voting
from tests.support.demo import Demo
from tests.support.live_site import KIOSK_SCREEN, Site
from tests.support.ranked import make_ranked, rank
from tests.support.timestamping import make_issuer, stamp_all

STATES: dict[str, Callable[[Site, Demo], Page]] = {}


def state(drive: Callable[[Site, Demo], Page]) -> Callable[[Site, Demo], Page]:
    STATES[drive.__name__] = drive
    return drive


@state
def candidates_of_a_draft(site: Site, demo: Demo) -> Page:
    draft = factories.ElectionFactory(title="Spring budget: who speaks for us")
    for name in ("Amina Solberg", "Rosa Demir"):
        factories.CandidateFactory(election=draft, name=name)
    page = site.staff_page("/admin/candidates", election=draft)
    page.get_by_role("button", name="Move Rosa Demir up").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("Rosa Demir")
    return page


@state
def preview_of_a_ballot(site: Site, demo: Demo) -> Page:
    return site.staff_page(f"/admin/candidates/preview?election={demo.secret.id}")


@state
def rules_of_a_draft(site: Site, demo: Demo) -> Page:
    page = site.staff_page(f"/admin/elections/{demo.draft.id}/rules", election=demo.draft)
    page.get_by_role("button", name=re.compile("Draw the lots")).click()
    page.get_by_text("Type in an order").click()
    return page


@state
def rules_of_an_open_election(site: Site, demo: Demo) -> Page:
    return site.staff_page(f"/admin/elections/{demo.secret.id}/rules", election=demo.secret)


@state
def result_tied(site: Site, demo: Demo) -> Page:
    return site.staff_page(
        "/admin/results", election=ties.tied_election(title="Choir: conductor", secrecy=Secrecy.RECORDED)[0]
    )


@state
def tie_form_with_errors(site: Site, demo: Demo) -> Page:
    election, _ids = ties.tied_election(title="Garden club: chair", secrecy=Secrecy.RECORDED)
    page = site.staff_page(f"/admin/elections/{election.id}/tie", election=election)
    page.get_by_role("button", name=re.compile("esolve the tie")).click()
    expect(page.get_by_role("alert")).to_contain_text("Change this first")
    return page


@state
def result_resolved_by_lot(site: Site, demo: Demo) -> Page:
    return site.staff_page("/admin/results", election=_resolved())


@state
def result_in_rounds(site: Site, demo: Demo) -> Page:
    election = make_ranked(demo.secret, seats=2, title="Chess union: two trustees")
    number = election.id
    for places in ((0, 1), (0, 1), (0, 2), (1, 2, 0), (2,), (3, 2, 1, 0), ()):
        rank(election, *places)
    elections.close_election(db.session.get_one(Election, number), SYSTEM)
    db.session.commit()
    voting.seal_all()
    page = site.staff_page("/admin/results", election=db.session.get_one(Election, number))
    page.get_by_text("Show as a table").first.click()
    return page


def public_tie(site: Site, demo: Demo) -> Page:
    return site.page(f"/results/?election={_resolved().id}", viewport=KIOSK_SCREEN)


def signed_heads(site: Site, demo: Demo) -> Page:
    """The newest heads, after an election was opened, counted and closed; stamped by a foreign authority."""
    with use_role("sealer"), transaction():
        heads.sign_due_heads()
        stamp_all(make_issuer()[1])
    return site.page("/verify/", viewport=KIOSK_SCREEN)


def _resolved() -> Election:
    election, ids = ties.tied_election(title="Rowing club: treasurer", secrecy=Secrecy.RECORDED)
    resolve_tie(
        election, Drawing((ids[1],), utc_now(), "Ada Lund, chair of the committee", "Two paper slips out of a box",
                          "Bo Persson and Cleo Marsh"), SYSTEM, reason="Section 7 of the bylaws", recorded_by="ada",
    )  # fmt: skip
    db.session.commit()
    return election
