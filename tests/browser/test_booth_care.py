"""A booth shows its signs of life, is stopped from the desk, and says so on its own screen."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from models import Kiosk, StaffRole, db
from services.clock import utc_now
from tests import factories
from tests.support.live_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]


def test_a_booth_that_is_stopped_from_the_desk_leaves_for_the_door_by_itself(site: Site) -> None:
    election = factories.make_open_election()
    booth = site.kiosk_page(election)
    number, long_ago = site.kiosk.id, utc_now() - timedelta(hours=1)
    with booth.expect_response("**/poll/heartbeat"):  # the first beat would undo the silence
        booth.reload()
    booth.goto("about:blank")
    db.session.get_one(Kiosk, number).last_seen_at = long_ago
    db.session.commit()
    desk = site.staff_page("/admin/booths", StaffRole.OFFICER, election=election)
    expect(desk.get_by_role("row", name=re.compile("Silent since 60 min"))).to_be_visible()

    # The next page of the booth beats at once, and the desk shows it without being loaded anew.
    desk.evaluate("window.stillHere = true")
    booth.clock.install()
    with booth.expect_response("**/poll/heartbeat"):
        booth.goto("/poll/")
    expect(desk.get_by_text("Ready")).to_be_visible()
    assert desk.evaluate("window.stillHere")

    desk.get_by_role("button", name="Stop Booth 1").click()
    dialog = desk.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Leave it on")).to_be_focused()
    dialog.get_by_label("Reason").fill("A child plays with it.")
    dialog.get_by_role("button", name="Stop the booth").click()
    expect(desk.get_by_text("Booth 1 is stopped.")).to_be_visible()

    booth.clock.run_for(21_000)
    booth.wait_for_url(re.compile(r"/\?room=polling$"))
    expect(booth.get_by_role("alert")).to_contain_text("This booth was stopped by the Election Commission.")
    expect(booth.get_by_label("User name").locator("visible=true")).to_be_visible()


def test_a_booth_waits_for_a_server_that_is_away_and_beats_again(site: Site) -> None:
    booth = site.kiosk_page(factories.make_open_election())
    booth.clock.install()
    booth.route("**/poll/heartbeat", lambda route: route.abort())
    with booth.expect_event("requestfailed"):
        booth.reload()
    assert booth.url.endswith("/poll/")
    booth.unroute("**/poll/heartbeat")
    with booth.expect_response("**/poll/heartbeat") as beat:
        booth.clock.run_for(21_000)
    assert beat.value.status == 200
