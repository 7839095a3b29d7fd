"""Checking in from the member's own pages, one step after the other."""

from __future__ import annotations

import base64
import io
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import AuditLog, AuthEvent, RecordStatus, db
from services import attendance
from services.attendance import device_keys
from services.clock import utc_now
from tests import factories
from tests.services.identification import acting
from tests.support import meetings
from tests.support.meetings import ALL_LAYERS, HALL, Phone
from tests.support.voter_accounts import token_of

JSON = {"Accept": "application/json"}
CHECKED_IN = AuditLog.event_type == "voter:attendance:checked_in"


@pytest.fixture
def group(app):
    return factories.GroupFactory()


@pytest.fixture
def member(group):
    return meetings.member(group)


@pytest.fixture
def own(app, member):
    """The browser of the member."""
    client = app.test_client()
    token = token_of(member)
    with client.session_transaction() as session:
        session["voter_session"] = token
    return client


def record_of(session, member):
    return attendance.checkin.record_of(session.id, member.id)


def test_a_member_goes_through_all_steps_and_the_pages_say_each(own, member, group):
    session, phone = meetings.meeting(ALL_LAYERS, group_id=group.id), Phone()
    acting.enrol(member)
    here = f"/voter/meetings/{session.id}"
    assert session.title in own.get("/voter/meetings").text
    assert "Type the code on the screen" in own.get(here).text
    wrong = own.post(f"{here}/code", data={"code": "AAAAAA"})
    assert (wrong.status_code, "Look at the screen" in wrong.text) == (422, True)
    assert own.post(f"{here}/code", data={"code": meetings.code(session)}).status_code == 303
    assert "Show that this is your phone" in own.get(here).text
    attempt = attendance.checkin.find_open(session.id, member.id)
    proof = {"public_key": phone.public_key, "signature": phone.sign(attempt)}
    sent = {name: base64.b64encode(value).decode() for name, value in proof.items()}
    assert own.post(f"{here}/device", json=sent).json == {"redirect": here, "status": "open"}
    assert "Show where you are" in own.get(here).text
    position = {"latitude": HALL.latitude + 0.0002, "longitude": HALL.longitude, "accuracy": 15}
    assert own.post(f"{here}/location", json=position).status_code == 200
    assert "Go on without my face" in own.get(here).text
    assert own.post(f"{here}/face/start", json={}).json["challenge"]["tries_left"] == 3
    assert own.post(f"{here}/leave-out", data={"layer": "selfie", "why": "unavailable"}).status_code == 303
    assert "Take a photo of the room" in own.get(here).text
    assert own.post(f"{here}/room", data={}).status_code == 422
    photo = (io.BytesIO(meetings.room_photo()), "room.jpg")
    assert own.post(f"{here}/room", data={"photo": photo}, content_type="multipart/form-data").status_code == 303
    record = record_of(session, member)
    assert (meetings.kinds(record), record.status) == (["layer_missing"], RecordStatus.FLAGGED)
    assert "Something was doubtful" in own.get(here).text


def code_typed(own, group, layers, page=True):
    """Type the code of a new meeting as the page does; return the meeting and the answer."""
    session = meetings.meeting(layers, group_id=group.id)
    typed = {"code": meetings.code(session), "page": page}
    return session, own.post(f"/voter/meetings/{session.id}/code", json=typed).json


def signed(phone, needed):
    """Return what the page sends of the key, from what the answer to the code said."""
    content = device_keys.message(uuid.UUID(needed["attempt"]), base64.b64decode(needed["nonce"]))
    proof = {"public_key": phone.public_key, "signature": phone.sign_raw(content)}
    return {name: base64.b64encode(value).decode() for name, value in proof.items()}


INSIDE = {"latitude": HALL.latitude + 0.0002, "longitude": HALL.longitude, "accuracy": 15}


def test_after_the_code_one_answer_takes_key_and_position_and_a_repeat_changes_nothing(own, member, group):
    session, answer = code_typed(own, group, ("device", "location"))
    assert answer["next"]["layers"] == ["device", "location"]
    proofs = {"device": signed(Phone(), answer["next"]), "location": INSIDE, "page": True}
    first, again = (own.post(f"/voter/meetings/{session.id}/proofs", json=proofs).json for _twice in range(2))
    record = record_of(session, member)
    assert (first["status"], again["status"], meetings.kinds(record)) == ("confirmed", "confirmed", [])
    assert "You are checked in" in first["page"]
    assert (record.layers["device"]["first"], record.layers["location"]["accuracy_m"]) == (True, 15)
    assert db.session.scalar(select(func.count()).select_from(AuditLog).where(CHECKED_IN)) == 1


def test_key_and_position_at_once_raise_the_flags_that_they_raise_one_by_one(own, member, group):
    session, answer = code_typed(own, group, ("device", "location"))
    foreign = signed(Phone(), {**answer["next"], "nonce": base64.b64encode(b"of another check-in").decode()})
    proofs = {"device": foreign, "location": {**INSIDE, "latitude": HALL.latitude + 0.01}}
    answer = own.post(f"/voter/meetings/{session.id}/proofs", json=proofs).json
    assert answer == {"redirect": f"/voter/meetings/{session.id}", "status": "flagged"}
    assert meetings.kinds(record_of(session, member)) == ["bad_signature", "outside_fence"]


def test_of_two_proofs_neither_counts_when_one_of_them_is_not_asked_for(own, member, group):
    session, answer = code_typed(own, group, ("device",))
    proofs = {"device": signed(Phone(), answer["next"]), "location": INSIDE}
    refused = own.post(f"/voter/meetings/{session.id}/proofs", json=proofs)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_this_step")
    assert attendance.checkin.find_open(session.id, member.id).layers == {}


def test_the_code_alone_answers_with_the_page_of_the_record_where_the_browser_asks_for_it(own, member, group):
    assert "You are checked in" in code_typed(own, group, ())[1]["page"]
    assert "page" not in code_typed(own, group, (), page=False)[1]


def test_the_meeting_to_check_in_to_stands_before_those_to_come_and_those_that_are_done(own, member, group):
    done = meetings.meeting(group_id=group.id)
    meetings.check_in(done, member)
    due = meetings.meeting(group_id=group.id)
    later = meetings.meeting(group_id=group.id, starts_at=utc_now() + timedelta(days=30))
    listed = own.get("/voter/meetings", headers=JSON).json["meetings"]
    assert [one["id"] for one in listed] == [due.id, later.id, done.id]


def test_a_meeting_of_another_group_is_not_there(own):
    session = meetings.meeting(group_id=factories.GroupFactory().id)
    for path in ("", "/code", "/location"):
        answer = own.open(
            f"/voter/meetings/{session.id}{path}", method="POST" if path else "GET", json={}, headers=JSON
        )
        assert answer.status_code in (404, 409, 422)
        assert session.title not in answer.text


def test_a_member_with_the_code_alone_is_checked_in_at_once(own, member, group):
    session = meetings.meeting(group_id=group.id)
    answer = own.post(f"/voter/meetings/{session.id}/code", json={"code": meetings.code(session).lower()})
    assert answer.json["status"] == "confirmed"
    assert "You are checked in" in own.get(f"/voter/meetings/{session.id}").text
    assert record_of(session, member).status is RecordStatus.CONFIRMED


def at_the_face(own, member, group):
    """Check in up to the live face; return the meeting's address."""
    acting.enrol(member)
    session = meetings.meeting(("selfie",), group_id=group.id)
    address = f"/voter/meetings/{session.id}"
    own.post(f"{address}/code", json={"code": meetings.code(session)})
    return address


def test_the_page_of_the_face_is_told_what_to_change_and_no_try_is_spent(own, member, group):
    address = at_the_face(own, member, group)
    tries = own.post(f"{address}/face/start", json={}).json["challenge"]["tries_left"]
    poses = ({}, {"yaw": 40}, {"faces": 2})
    said = [own.post(f"{address}/face/advice", json={"frame": acting.frame(7, **pose)}).json for pose in poses]
    assert [(one["ok"], one["reason"]) for one in said] == [
        (True, None), (False, "bad_pose"), (False, "multiple_faces")
    ]  # fmt: skip
    assert own.post(f"{address}/face/start", json={}).json["challenge"]["tries_left"] == tries
    assert db.session.scalar(select(func.count()).select_from(AuthEvent)) == 0


def test_advice_about_the_face_is_for_a_check_in_that_is_there(own, member, group):
    session = meetings.meeting(("selfie",), group_id=group.id)
    answer = own.post(f"/voter/meetings/{session.id}/face/advice", json={"frame": acting.frame(7)})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "no_check_in")
