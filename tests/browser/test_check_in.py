"""A member checks in on a phone: its key signs, its position is inside or outside, the camera may be refused."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from models import db
from services import attendance
from tests import factories
from tests.support import meetings
from tests.support.desk_states import press
from tests.support.meetings import HALL
from tests.support.voter_accounts import token_of
from tests.support.web_process import session_cookie

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
PHONE_SCREEN = {"width": 360, "height": 780}


def visit(site, group, north_m):
    """Check in to a meeting with this phone so many metres north of the place; return the record."""
    session, member = meetings.meeting(("device", "location"), group_id=group.id), meetings.member(group)
    place = {"latitude": HALL.latitude + north_m / 111_195, "longitude": HALL.longitude, "accuracy": 15}
    cookie = session_cookie(site.app, voter_session=token_of(member))
    page = site.page(f"/voter/meetings/{session.id}", cookie, viewport=PHONE_SCREEN, geolocation=place,
                     permissions=["geolocation"])  # fmt: skip
    page.get_by_label("Code").fill(meetings.code(session))
    press(page, "Check in")
    page.locator("[data-module=prove-device][data-bound]").wait_for()
    press(page, "Sign with this phone")
    page.locator("[data-module=prove-place][data-bound]").wait_for()
    press(page, "Send my position")
    expect(page.get_by_role("heading", name="You are checked in")).to_be_visible()
    db.session.expire_all()
    return attendance.checkin.record_of(session.id, member.id)


def test_a_phone_signs_and_says_where_it_is_and_outside_is_a_flag(site):
    group = factories.GroupFactory()
    assert meetings.kinds(visit(site, group, 20)) == []
    assert meetings.kinds(visit(site, group, 400)) == ["outside_fence"]
