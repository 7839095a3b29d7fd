"""The states of the pages of drafts; they register themselves in `desk_states.STATES`."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect

from services.clock import utc_now
from tests import factories
from tests.support.demo import Demo
from tests.support.desk_states import press, state
from tests.support.live_site import Site


@state
def elections_not_found(site: Site, demo: Demo) -> Page:
    return site.staff_page("/admin/elections?q=Nowhere", election=demo.secret)


@state
def election_settings(site: Site, demo: Demo) -> Page:
    return site.staff_page(f"/admin/elections/{demo.draft.id}/edit", election=demo.draft)


@state
def election_ready(site: Site, demo: Demo) -> Page:
    """A draft that may open or wait for its time, with warnings."""
    opens_at = utc_now() + timedelta(days=2)
    ready = factories.ElectionFactory(
        title="Harbour Trust: auditor", opens_at=opens_at, closes_at=opens_at + timedelta(hours=8),
        allowed_networks=["10.1.0.0/16"], confirmation_text="The result is announced on Monday.",
    )  # fmt: skip
    for name in ("Ada Winter", "Bo Sand"):
        factories.CandidateFactory(election=ready, name=name)
    for _ in range(3):
        factories.RollEntryFactory(election=ready, voter__email=None)
    return site.staff_page(f"/admin/elections/{ready.id}", election=ready)


@state
def election_waits_for_its_time(site: Site, demo: Demo) -> Page:
    page = election_ready(site, demo)
    press(page, "Open by itself at its time")
    expect(page.get_by_text("It opens by itself.")).to_be_visible()
    return page


@state
def election_copy_dialog(site: Site, demo: Demo) -> Page:
    page = election_ready(site, demo)
    press(page, "Copy…")
    expect(page.get_by_role("dialog")).to_be_visible()
    return page
