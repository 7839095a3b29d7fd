"""A member's phone in a meeting: key and position, a doubt from the flag to the last word, a vote with a quorum."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from models import Device, DeviceStatus, StaffRole, StaffUser, db
from services import attendance
from services.actor import Actor
from services.geo import Position
from services.motions import votes_of
from tests import factories
from tests.services.identification import acting
from tests.support import meetings, motions
from tests.support.desk_states import press
from tests.support.meetings import HALL
from tests.support.voter_accounts import token_of
from tests.support.voting import seal_all
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


def at(north_m, accuracy=15):
    """Return the options of a browser whose user tells a position so many metres north of the place."""
    place = {"latitude": HALL.latitude + north_m / 111_195, "longitude": HALL.longitude, "accuracy": accuracy}
    return {"geolocation": place, "permissions": ["geolocation"]}


def officer_at_the_desk(site):
    """Return the desk of a new officer, and the officer."""
    page = site.staff_page("/attendance/meetings", StaffRole.OFFICER)
    user = db.session.scalars(db.select(StaffUser).order_by(StaffUser.id.desc())).first()
    return page, Actor("officer", user.id, user.username)


def sent_before(session, member):
    """Let somebody in the hall check in with a position and the first photo of the room."""
    meetings.begin(session, member)
    beside = Position(HALL.latitude + 20 / 111_195, HALL.longitude, 15)
    attendance.steps.at(session.id, member.id, beside, False, meetings.PHONE)
    attendance.steps.room(session.id, member.id, meetings.room_photo(), meetings.PHONE)
    db.session.commit()


def own_page(site, session, member):
    """Open the page of a meeting on another member's phone."""
    cookie = session_cookie(site.app, voter_session=token_of(member))
    return site.page(f"/voter/meetings/{session.id}", cookie, viewport=PHONE_SCREEN)


def choose_yes(phone, session):
    """Come from the page of the meeting to the last question before the vote is cast."""
    phone.goto(f"/voter/meetings/{session.id}")
    phone.get_by_role("link", name="Vote now").click()
    phone.locator("[data-module=link-ballot][data-bound]").wait_for()
    phone.get_by_role("radio", name="Yes For the motion").check(force=True)
    press(phone, "Check my choice")


def visit(site, group, north_m, accuracy=15):
    """Check in to a meeting with this phone so many metres north of the place; return the kinds of its flags."""
    session, member = meetings.meeting(("device", "location"), group_id=group.id), meetings.member(group)
    return checked_in(open_meeting(site, session, member, **at(north_m, accuracy)), session, member)


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


def test_a_doubted_member_is_rejected_objects_once_and_somebody_else_decides(site):
    desk, officer = officer_at_the_desk(site)
    group = factories.GroupFactory()
    session = meetings.meeting(("location", "room"), actor=officer, group_id=group.id)
    other, member = meetings.member(group, name="Amal Haddad"), meetings.member(group, name="Solveig Eriksen")
    sent_before(session, other)
    phone = open_meeting(site, session, member, **at(400))
    phone.get_by_label("Photo of the room").set_input_files(
        {"name": "room.jpg", "mimeType": "image/jpeg", "buffer": meetings.room_photo()}
    )
    press(phone, "Send the photo")
    assert checked_in(phone, session, member) == ["outside_fence", "same_photo"]
    expect(phone.get_by_text("The officer looks at it.")).to_be_visible()

    desk.goto("/attendance/reviews")
    desk.get_by_role("link", name=member.name).click()
    for evidence in ("The room, as the member took it", "The earlier picture"):
        expect(desk.get_by_role("img", name=evidence)).to_have_js_property("complete", True)
    desk.get_by_label("No, reject it").check()
    desk.get_by_label("Note").fill("This is the photo of Amal.")
    press(desk, "Store the decision")
    expect(desk.get_by_text("The check-in is rejected.")).to_be_visible()

    phone.reload()
    expect(phone.get_by_role("heading", name="You do not count as present")).to_be_visible()
    expect(phone.get_by_text("This is the photo of Amal.")).to_be_visible()
    phone.get_by_label("You were there? Say why").fill("We sat side by side.")
    press(phone, "Send my objection")
    expect(phone.get_by_text("You objected. Somebody else looks at it again.")).to_be_visible()
    expect(phone.get_by_role("button", name="Send my objection")).to_have_count(0)

    admin = site.staff_page("/attendance/reviews?state=objected")
    admin.get_by_role("link", name=member.name).click()
    expect(admin.get_by_text("We sat side by side.")).to_be_visible()
    admin.get_by_label("Yes, confirm the check-in").check()
    admin.get_by_label("Note").fill("Amal saw you.")
    press(admin, "Store the decision")
    expect(admin.get_by_text("The check-in is confirmed.")).to_be_visible()
    phone.reload()
    expect(phone.get_by_role("heading", name="You are checked in")).to_be_visible()
    expect(phone.get_by_text("The answer, which is final:")).to_be_visible()


def test_a_motion_stands_still_while_the_quorum_is_lost_and_its_result_is_explained_in_words(site):
    desk, officer = officer_at_the_desk(site)
    group = factories.GroupFactory()
    session = meetings.meeting(actor=officer, group_id=group.id)
    first, second, third, _absent = (meetings.member(group) for _number in range(4))
    for member in (second, third):
        meetings.check_in(session, member)
    phone = open_meeting(site, session, first)
    expect(phone.get_by_role("heading", name="You are checked in")).to_be_visible()

    votes, screen = (f"/attendance/meetings/{session.id}/{name}" for name in ("votes", "screen"))
    desk.goto(votes)
    desk.get_by_label("Title").fill("A new roof")
    press(desk, "Save the motion")
    press(desk, "Open the vote")
    expect(desk.get_by_text("3 of 4 members are present, 3 are needed: the quorum holds.")).to_be_visible()
    desk.goto(screen)
    expect(desk.get_by_text("The quorum holds")).to_be_visible()

    choose_yes(phone, session)
    leaving = own_page(site, session, second)
    press(leaving, "I leave the meeting")
    expect(leaving.get_by_role("heading", name="You left the meeting")).to_be_visible()
    expect(desk.get_by_text("2 of 4 members present, 3 needed")).to_be_visible()
    expect(desk.get_by_text("The quorum does not hold.")).to_be_visible()
    press(phone, "Cast my vote")
    expect(phone.get_by_role("heading", name="Too few members are present")).to_be_visible()

    leaving.get_by_label("Code").fill(meetings.code(session))
    press(leaving, "I am back")
    expect(desk.get_by_text("3 of 4 members present, 3 needed")).to_be_visible()
    choose_yes(phone, session)
    press(phone, "Cast my vote")
    expect(phone.get_by_role("heading", name="Your vote is cast")).to_be_visible()
    phone.get_by_role("link", name="My meetings").first.click()
    expect(phone.get_by_role("heading", name="My meetings")).to_be_visible()

    motion = votes_of(session.id)[0]
    assert [motions.vote(motion, member, said) for member, said in ((second, "Yes"), (third, "No"))] == ["cast"] * 2

    desk.goto(votes)
    press(desk, "Close the vote now")
    expect(desk.get_by_text("The ballots are being counted.")).to_be_visible()
    desk.get_by_label("Title").fill("A new door")
    address = f"/results/?election={motion.id}"
    seal_all()
    expect(desk.get_by_text("The result is there.")).to_be_visible()
    expect(desk.get_by_label("Title")).to_have_value("A new door")
    desk.get_by_role("link", name="Show it").click()
    expect(desk.get_by_text("Carried.")).to_be_visible()
    desk.goto(screen)
    expect(desk.locator("[data-verdict]")).to_have_text("Carried")
    held = "3 of 4 members were present when the vote closed, quorum 3: held."
    expect(desk.locator("[data-voted]")).to_have_text(f"{held} 2 yes, 1 no, 0 abstentions; more yes than no: carried.")
    result = site.page(address, viewport=PHONE_SCREEN)
    expect(result.get_by_role("heading", name="Carried")).to_be_visible()
    expect(result.get_by_text(held)).to_be_visible()


def test_a_position_too_rough_for_the_circle_of_a_meeting_says_so(site):
    factories.GroupFactory()
    page = site.staff_page("/attendance/meetings/new", StaffRole.OFFICER, **at(0, accuracy=900))
    page.locator("[data-module=use-position][data-bound]").wait_for()
    page.clock.install()
    press(page, "Use my position")
    said = page.locator("[data-say]")
    expect(said).to_contain_text("Right within 900 m so far.")
    page.clock.run_for(9_000)
    expect(said).to_contain_text("too rough for a circle of 100 m")
    expect(page.get_by_label("Latitude")).to_have_value(f"{HALL.latitude:.5f}")
