"""A member checks in on a phone: its key signs, its position is inside, outside, at the border, or refused."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from models import Device, DeviceStatus, db
from services import attendance
from tests import factories
from tests.services.identification import acting
from tests.support import meetings
from tests.support.desk_states import press
from tests.support.meetings import HALL
from tests.support.voter_accounts import token_of
from tests.support.web_process import session_cookie

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
PHONE_SCREEN = {"width": 360, "height": 780}


def open_meeting(site, session, member, **options):
    """Open the page of a meeting on this member's phone, with the code typed."""
    cookie = session_cookie(site.app, voter_session=token_of(member))
    page = site.page(f"/voter/meetings/{session.id}", cookie, viewport=PHONE_SCREEN, **options)
    page.locator("[data-module=check-in][data-bound]").wait_for()
    page.get_by_label("Code").fill(meetings.code(session))
    press(page, "Check in")
    return page


def checked_in(page, session, member):
    """Wait until the page says so; return the kinds of the record's flags."""
    expect(page.get_by_role("heading", name="You are checked in")).to_be_visible()
    db.session.expire_all()
    return meetings.kinds(attendance.checkin.record_of(session.id, member.id))


def visit(site, group, north_m, accuracy=15):
    """Check in to a meeting with this phone so many metres north of the place; return the kinds of its flags."""
    session, member = meetings.meeting(("device", "location"), group_id=group.id), meetings.member(group)
    place = {"latitude": HALL.latitude + north_m / 111_195, "longitude": HALL.longitude, "accuracy": accuracy}
    page = open_meeting(site, session, member, geolocation=place, permissions=["geolocation"])
    return checked_in(page, session, member)


def test_a_phone_signs_and_says_where_it_is_and_outside_is_a_flag(site):
    group = factories.GroupFactory()
    assert visit(site, group, 20) == []
    assert visit(site, group, 400) == ["outside_fence"]
    assert visit(site, group, 110, accuracy=25) == ["poor_accuracy"]


def test_who_refuses_position_and_camera_is_told_how_to_go_on_and_is_checked_in_with_a_flag(site):
    group = factories.GroupFactory()
    session, member = meetings.meeting(("location", "selfie"), group_id=group.id), meetings.member(group)
    acting.enrol(member, 460)
    page = open_meeting(site, session, member, camera=False)
    press(page, "Send my position")
    expect(page.get_by_role("alert")).to_contain_text("Allow it in the settings for this page")
    press(page, "Go on without my position")
    page.locator("[data-module=liveness][data-bound]").wait_for()
    page.get_by_role("button", name="Start the camera").click()
    expect(page.get_by_role("heading", name="The browser may not use the camera")).to_be_visible()
    page.get_by_role("button", name="Go on without my face").locator("visible=true").click()
    assert checked_in(page, session, member) == ["layer_missing"]
    found = attendance.checkin.record_of(session.id, member.id).layers
    assert {layer: found[layer]["why"] for layer in found} == {"location": "refused", "selfie": "refused"}


def scanned(page):
    """Return the address that a phone reads from the square on the big screen."""
    pixels = cv2.imdecode(np.frombuffer(page.locator("[data-qr]").screenshot(), np.uint8), cv2.IMREAD_COLOR)
    return cv2.QRCodeDetector().detectAndDecode(pixels)[0]


def test_who_scans_the_big_screen_need_not_type_the_code(site):
    group = factories.GroupFactory()
    session, member = meetings.meeting(("device",), group_id=group.id), meetings.member(group)
    screen = site.staff_page(f"/attendance/meetings/{session.id}/screen")
    host, path = scanned(screen).split("/voter/")
    assert host == site.web.url
    phone = site.page(
        f"/voter/{path}", session_cookie(site.app, voter_session=token_of(member)), viewport=PHONE_SCREEN, own=True
    )
    expect(phone.get_by_label("Code")).to_have_value(meetings.code(session))
    assert phone.url.endswith(f"/voter/meetings/{session.id}")
    phone.keyboard.press("Enter")
    assert checked_in(phone, session, member) == []


def test_a_second_phone_of_a_member_is_a_flag_and_the_first_one_stays_the_members(site):
    group = factories.GroupFactory()
    member = meetings.member(group)
    found = []
    for _phone in range(2):
        session = meetings.meeting(("device",), group_id=group.id)
        page = open_meeting(site, session, member)
        found.append(checked_in(page, session, member))
    assert found == [[], ["other_device"]]
    first = db.session.scalars(db.select(Device).where(Device.voter_id == member.id)).one()
    assert first.status is DeviceStatus.ACTIVE
