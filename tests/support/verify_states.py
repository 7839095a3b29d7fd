"""The states of the page on which anybody checks an election."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from services import ballots
from tests.support.demo import Demo
from tests.support.live_site import KIOSK_SCREEN, Site

STATES: dict[str, Callable[[Site, Demo], Page]] = {}


def state(drive: Callable[[Site, Demo], Page]) -> Callable[[Site, Demo], Page]:
    STATES[drive.__name__] = drive
    return drive


@state
def verify_open(site: Site, demo: Demo) -> Page:
    return site.page(f"/verify/{demo.secret.public_id}", viewport=KIOSK_SCREEN)


@state
def verify_missing_ballot(site: Site, demo: Demo) -> Page:
    """A genuine receipt whose code is not on the list of a counted election."""
    page = site.page(f"/verify/{demo.closed.public_id}", viewport=KIOSK_SCREEN)
    page.get_by_role("textbox", name="Receipt").fill(ballots.signed_receipt(demo.closed.public_id, "A" * 26))
    page.get_by_role("button", name="Check the receipt").click()
    expect(page.get_by_text("This ballot is missing from the count.")).to_be_visible()
    for summary in page.locator("summary").all():
        summary.click()
    return page
