"""Doubt about a check-in is a flag with its evidence, and the check-in goes on: one test for each kind."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from models import (
    AttendanceRecord,
    AuthEvent,
    AuthResult,
    Device,
    DeviceStatus,
    FlagKind,
    PresenceFlag,
    RecordStatus,
    db,
)
from services import attendance, enrolment
from services.attendance import Entry
from services.clock import utc_now
from services.geo import Place
from tests import factories
from tests.services.identification import acting
from tests.support import meetings
from tests.support.meetings import PHONE, Phone, begin, check_in, kinds, meeting, member, photograph, stand


@pytest.fixture
def clock(app):
    with time_machine.travel(utc_now(), tick=False) as moving:
        yield moving


@pytest.fixture
def group(clock):
    return factories.GroupFactory()


def evidence(record, kind):
    return next(flag.evidence for flag in record.flags if flag.kind is kind)


def show_face(session, voter, clock, person=7, frames=None):
    """Type the code, if that was not done, and go through a live check; return the last answer."""
    attempt = attendance.checkin.find_open(session.id, voter.id) or begin(session, voter)
    attendance.steps.begin_selfie(session.id, voter.id, PHONE)
    db.session.commit()

    def send(done, chunk, seq):
        answer = attendance.steps.submit_selfie(
            session.id, voter.id, done, frames(seq) if frames else chunk, PHONE, seq
        )
        db.session.commit()
        return answer

    return acting.perform(send, clock.shift, attempt.steps, person)


def record_of(session, voter):
    return attendance.checkin.record_of(session.id, voter.id)


def test_a_check_in_without_a_doubt_is_confirmed(group, clock):
    session, voter = meeting(group_id=group.id), member(group)
    record = check_in(session, voter)
    assert (record.status, record.late, kinds(record)) == (RecordStatus.CONFIRMED, False, [])


def test_a_check_in_after_the_end_is_flagged_and_one_an_hour_later_is_sent_to_the_officer(group, clock):
    session, first, second = meeting(group_id=group.id), member(group), member(group)
    clock.shift(timedelta(minutes=70))
    record = check_in(session, first)
    assert (kinds(record), record.status, record.late) == (["out_of_time"], RecordStatus.FLAGGED, True)
    assert evidence(record, FlagKind.OUT_OF_TIME) == {"minutes_after_end": 11.0}
    clock.shift(timedelta(hours=1))
    begun = attendance.checkin.begin(session.id, second.id, meetings.code(session), PHONE)
    assert (begun.entry, record_of(session, second)) == (Entry.OVER, None)


def test_a_rolling_code_of_minutes_ago_is_flagged(group, clock):
    session, voter = meeting(group_id=group.id, rolling=True), member(group)
    old = meetings.code(session)
    clock.shift(200)
    assert meetings.code(session) != old
    record = attendance.checkin.begin(session.id, voter.id, old, PHONE).record
    assert kinds(record) == ["out_of_time"]
    assert evidence(record, FlagKind.OUT_OF_TIME)["seconds_after_code"] >= 150


def test_a_code_that_was_ended_by_hand_is_flagged(group, clock):
    actor = meetings.officer()
    session, voter = meeting(group_id=group.id, actor=actor), member(group)
    attendance.sessions.expire_code(session.id, actor)
    clock.shift(90)
    record = check_in(session, voter)
    assert evidence(record, FlagKind.OUT_OF_TIME) == {"seconds_after_code": 90}


def test_a_second_phone_of_a_member_is_flagged_and_the_first_stays_bound(group, clock):
    voter, first = member(group), Phone()
    assert kinds(first.prove(meeting(("device",), group_id=group.id), voter)) == []
    record = Phone().prove(meeting(("device",), group_id=group.id), voter)
    assert (kinds(record), record.device_id) == (["other_device"], None)
    assert kinds(first.prove(meeting(("device",), group_id=group.id), voter)) == []
    assert db.session.scalar(select(func.count()).select_from(Device)) == 1


def test_one_phone_for_two_members_is_flagged(group, clock):
    session, phone, first, second = meeting(("device",), group_id=group.id), Phone(), member(group), member(group)
    assert kinds(phone.prove(session, first)) == []
    record = phone.prove(session, second)
    assert kinds(record) == ["shared_device"]
    assert evidence(record, FlagKind.SHARED_DEVICE) == {"voter_numbers": [first.voter_id]}
    assert attendance.devices.active_device(second.id) is None


def test_a_replayed_signature_is_flagged_and_binds_nothing(group, clock):
    voter, phone = member(group), Phone()
    first = begin(meeting(("device",), group_id=group.id), voter)
    signature = phone.sign(first)
    record = phone.prove(meeting(("device",), group_id=group.id), voter, signature)
    assert (kinds(record), attendance.devices.active_device(voter.id)) == (["bad_signature"], None)


def test_a_position_outside_the_fence_is_flagged_with_its_distance(group, clock):
    session, voter = meeting(("location",), group_id=group.id), member(group)
    record = stand(session, voter, north_m=400)
    assert (kinds(record), record.layers["location"]["result"]) == (["outside_fence"], "doubtful")
    assert evidence(record, FlagKind.OUTSIDE_FENCE) == {"distance_m": 400, "radius_m": 100, "accuracy_m": 15}


def test_a_position_inside_is_no_flag_and_one_at_the_border_with_bad_accuracy_is(group, clock):
    session = meeting(("location",), group_id=group.id)
    assert kinds(stand(session, member(group), north_m=90)) == []
    assert kinds(stand(session, member(group), north_m=130, accuracy=60)) == ["poor_accuracy"]
    assert kinds(stand(session, member(group), north_m=90, accuracy=800)) == ["poor_accuracy"]


def test_an_accuracy_of_zero_metres_is_flagged(group, clock):
    assert kinds(stand(meeting(("location",), group_id=group.id), member(group), accuracy=0)) == ["zero_accuracy"]


def test_a_position_that_the_device_calls_mocked_or_that_is_the_place_to_the_last_digit_is_flagged(group, clock):
    session = meeting(("location",), group_id=group.id)
    assert kinds(stand(session, member(group), mocked=True)) == ["mock_location"]
    assert kinds(stand(session, member(group), north_m=0)) == ["mock_location"]


def test_a_jump_that_no_aeroplane_makes_is_flagged_and_a_night_later_it_is_none(group, clock):
    lisbon, voter = Place(38.7223, -9.1393, 100), member(group)
    stand(meeting(("location",), group_id=group.id), voter)
    clock.shift(timedelta(minutes=5))
    record = stand(meeting(("location",), group_id=group.id, place=lisbon), voter, place=lisbon)
    assert kinds(record) == ["impossible_jump"]
    assert 2300 < evidence(record, FlagKind.IMPOSSIBLE_JUMP)["distance_km"] < 2330
    clock.shift(timedelta(hours=12))
    assert kinds(stand(meeting(("location",), group_id=group.id), voter)) == []


def test_the_same_photo_twice_is_flagged_also_when_it_was_saved_anew(group, clock):
    session, first, second, third = meeting(("room",), group_id=group.id), member(group), member(group), member(group)
    assert kinds(photograph(session, first, meetings.room_photo(1))) == []
    again = photograph(session, second, meetings.room_photo(1, quality=60, scale=0.5))
    assert kinds(again) == ["same_photo"]
    assert evidence(again, FlagKind.SAME_PHOTO)["voter_number"] == first.voter_id
    assert kinds(photograph(session, third, meetings.room_photo(2))) == []


def test_a_live_face_that_is_the_members_passes_and_is_in_the_log(group, clock):
    session, voter = meeting(("selfie",), group_id=group.id), member(group)
    acting.enrol(voter, person=7)
    assert show_face(session, voter, clock).result is AuthResult.SUCCESS
    record = record_of(session, voter)
    assert (kinds(record), record.layers["selfie"]["result"], bool(record.selfie_path)) == ([], "passed", True)
    event = db.session.scalars(select(AuthEvent)).one()
    assert (event.attendance_session_id, event.election_id, event.snapshot_path) == (session.id, None, None)


def test_a_face_that_is_not_the_members_is_flagged_after_three_tries(group, clock):
    session, voter = meeting(("selfie",), group_id=group.id), member(group)
    acting.enrol(voter, person=7)
    begin(session, voter).tries = 2
    verdict = show_face(session, voter, clock, person=8)
    assert (verdict.result, verdict.tries_left, verdict.officer) == (AuthResult.MISMATCH, 0, True)
    record = record_of(session, voter)
    assert (kinds(record), record.status) == (["face_doubtful"], RecordStatus.FLAGGED)
    assert evidence(record, FlagKind.FACE_DOUBTFUL)["reason"] == "different_person"
    assert [event.result for event in db.session.scalars(select(AuthEvent))] == [AuthResult.MISMATCH]


def test_several_faces_in_the_picture_are_flagged(group, clock):
    session, voter = meeting(("selfie",), group_id=group.id), member(group)
    acting.enrol(voter, person=7)
    crowd = lambda seq: [acting.frame(faces=2) for _ in range(5)] if seq else acting.straight()  # noqa: E731
    begin(session, voter).tries = 2
    assert show_face(session, voter, clock, frames=crowd).reasons[0] == "several_faces"
    assert kinds(record_of(session, voter)) == ["face_doubtful", "multiple_faces"]


def test_a_member_without_an_enrolled_face_is_flagged_and_goes_on(group, clock):
    session, voter = meeting(("selfie",), group_id=group.id), member(group)
    acting.enrol(voter)
    enrolment.withdraw(voter.id, PHONE)
    begin(session, voter)
    assert attendance.steps.begin_selfie(session.id, voter.id, PHONE) is None
    assert evidence(record_of(session, voter), FlagKind.FACE_DOUBTFUL)["reason"] == "not_enrolled"


def test_a_layer_that_is_left_out_is_flagged_with_the_reason(group, clock):
    session, voter = meeting(("location", "room"), group_id=group.id), member(group)
    begin(session, voter)
    location, room = session.layers
    assert attendance.checkin.leave_out(session.id, voter.id, attendance.Layer(location), "refused", PHONE) is None
    record = attendance.checkin.leave_out(session.id, voter.id, attendance.Layer(room), "unavailable", PHONE)
    assert kinds(record) == ["layer_missing"]
    assert evidence(record, FlagKind.LAYER_MISSING)["layers"] == ["location", "room"]


def test_an_exact_repeat_changes_nothing(group, clock):
    session, voter = meeting(("location",), group_id=group.id), member(group)
    record = stand(session, voter, north_m=400)
    begun = attendance.checkin.begin(session.id, voter.id, meetings.code(session), PHONE)
    assert (begun.entry, begun.record.id) == (Entry.ALREADY, record.id)
    again = attendance.steps.at(session.id, voter.id, meetings.Position(0, 0, 5), False, PHONE)
    assert again.id == record.id
    assert db.session.scalar(select(func.count()).select_from(AttendanceRecord)) == 1
    assert db.session.scalar(select(func.count()).select_from(PresenceFlag)) == 1


def test_an_approved_change_retires_the_old_device(group, clock):
    voter, old, new = member(group), Phone(), Phone()
    old.prove(meeting(("device",), group_id=group.id), voter)
    asked = attendance.devices.ask_for_change(voter.id, new.public_key, "My old phone is broken.", PHONE)
    attendance.devices.decide(asked.id, True, "", meetings.officer())
    assert kinds(new.prove(meeting(("device",), group_id=group.id), voter)) == []
    assert kinds(old.prove(meeting(("device",), group_id=group.id), voter)) == ["other_device"]
    assert sorted(db.session.scalars(select(Device.status))) == [DeviceStatus.ACTIVE, DeviceStatus.RETIRED]


def test_the_platform_id_of_an_app_is_bound_as_a_keyed_hash(group, clock):
    session, voter, other = meeting(("device",), group_id=group.id), member(group), member(group)
    for one, flags in ((voter, []), (other, ["shared_device"])):
        begin(session, one)
        assert kinds(attendance.steps.by_platform_id(session.id, one.id, "355402091234567", PHONE)) == flags
    device = db.session.scalars(select(Device)).one()
    assert (device.kind.value, device.public_key, len(device.fingerprint)) == ("platform", None, 32)
