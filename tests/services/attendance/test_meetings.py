"""Meetings: made for a group, seen by their officer, with a code that is easy to read out; and the attendance table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from models import AttendanceAttempt, AttendanceRecord, AuditLog, db, transaction, use_role
from services import attendance, voters
from services.actor import Actor
from services.attendance import Entry, codes
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, NotFound, ValidationFailed
from services.jobs import schedule
from tests import factories
from tests.support import meetings
from tests.support.meetings import PHONE, check_in, meeting, member, photograph

ADMIN = Actor("admin", 0, "ada")


@pytest.fixture
def clock(app):
    with time_machine.travel(utc_now(), tick=False) as moving:
        yield moving


@pytest.fixture
def officer(clock):
    return meetings.officer()


@pytest.fixture
def group(clock):
    return factories.GroupFactory()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"group_id": 0}, "group"),
        ({"minutes": 2}, "minutes"),
        ({"minutes": 20, "starts_at": timedelta(hours=-1)}, "starts_at"),
        ({"place": None, "layers": ("location",)}, "latitude"),
        ({"place": attendance.sessions.Place(91, 0, 100)}, "latitude"),
        ({"place": attendance.sessions.Place(0, 0, 5)}, "radius_m"),
    ],
)
def test_a_meeting_that_cannot_be_is_refused_at_its_field(officer, group, changes, field):
    if isinstance(changes.get("starts_at"), timedelta):
        changes = {**changes, "starts_at": utc_now() + changes["starts_at"]}
    with pytest.raises(ValidationFailed) as refused:
        meeting(actor=officer, **{"group_id": group.id, **changes})
    assert list(refused.value.fields) == [field]


def test_a_code_has_six_letters_that_are_not_mistaken_and_stands_in_no_table(officer, group):
    session = meeting(group_id=group.id, actor=officer)
    code = meetings.code(session)
    assert len(code) == codes.LENGTH
    assert not set(codes.ALPHABET) & set("0O1IL2Z5S8B")
    assert code.encode() not in session.code_secret
    assert codes.fit(session, f" {code[:3].lower()}-{code[3:]} ", utc_now()).known
    attendance.sessions.new_code(session.id, officer)
    assert meetings.code(session) != code
    assert not codes.fit(session, code, utc_now()).known


def test_a_rolling_code_changes_every_thirty_seconds_and_the_one_before_still_counts(officer, group, clock):
    session = meeting(group_id=group.id, actor=officer, rolling=True)
    clock.move_to(datetime.fromtimestamp((int(utc_now().timestamp()) // 30 + 1) * 30, UTC))
    before, until = codes.shown(session, utc_now()).code, codes.shown(session, utc_now()).until
    assert until - utc_now() == timedelta(seconds=30)
    clock.shift(45)
    assert codes.shown(session, utc_now()).code != before
    assert codes.fit(session, before, utc_now()) == codes.Fit(True, 0)
    clock.shift(timedelta(minutes=30))
    assert not codes.fit(session, before, utc_now()).known


def test_a_wrong_code_and_a_meeting_that_has_not_begun_are_answered_in_words_and_nothing_is_written(officer, group):
    voter = member(group)
    today = meeting(group_id=group.id, actor=officer)
    tomorrow = meeting(group_id=group.id, actor=officer, starts_at=utc_now() + timedelta(days=1))
    assert attendance.checkin.begin(today.id, voter.id, "AAAAAA", PHONE).entry is Entry.WRONG_CODE
    assert attendance.checkin.begin(tomorrow.id, voter.id, meetings.code(tomorrow), PHONE).entry is Entry.TOO_EARLY
    with pytest.raises(NotFound):
        attendance.checkin.begin(today.id, member().id, meetings.code(today), PHONE)
    assert db.session.scalar(select(func.count()).select_from(AttendanceAttempt)) == 0


def test_an_officer_sees_the_own_meetings_and_an_admin_all(officer, group):
    mine = meeting(group_id=group.id, actor=officer, title="Branch 100% north")
    meeting(group_id=group.id, title="Somebody else's")
    assert [row.session.id for row in attendance.sessions.search("", 1, officer).rows] == [mine.id]
    assert attendance.sessions.search("", 1, ADMIN).total == 2
    assert attendance.sessions.search("100%", 1, ADMIN).total == 1
    with pytest.raises(NotFound):
        attendance.sessions.find(mine.id, meetings.officer())


def test_a_meeting_is_extended_closed_by_hand_and_then_stays_as_it_is(officer, group):
    session = meeting(group_id=group.id, actor=officer)
    end = session.ends_at
    assert attendance.sessions.extend(session.id, 15, officer).ends_at == end + timedelta(minutes=15)
    attendance.sessions.close(session.id, officer)
    for act in (attendance.sessions.close, attendance.sessions.new_code, attendance.sessions.expire_code):
        with pytest.raises(Conflict):
            act(session.id, officer)


def test_who_comes_after_the_minutes_of_grace_is_late_and_who_goes_before_the_end_left_early(officer, group, clock):
    session, voter = meeting(group_id=group.id, actor=officer, late_after_minutes=5), member(group)
    clock.shift(timedelta(minutes=6))
    record = check_in(session, voter)
    assert record.late
    attendance.records.note_left(session.id, record.id, officer)
    assert attendance.records.left_early(record)
    attendance.records.note_left(session.id, record.id, officer)
    assert record.left_at is None


def test_an_officer_checks_a_member_in_by_hand_with_a_reason_once(officer, group):
    session, voter = meeting(group_id=group.id, actor=officer), member(group)
    enter = attendance.records.enter_by_hand
    for number, reason in ((voter.voter_id, " "), ("nobody", "No phone"), (member().voter_id, "No phone")):
        with pytest.raises(ValidationFailed):
            enter(session.id, number, reason, officer)
    record = enter(session.id, voter.voter_id, "The battery was empty.", officer)
    assert (record.entered_by, record.status.value) == (officer.id, "confirmed")
    with pytest.raises(Conflict):
        enter(session.id, voter.voter_id, "Again", officer)
    assert check_in(session, voter).id == record.id


def test_the_table_has_everybody_of_the_group_and_its_file_runs_no_formula(officer, group):
    session, there = meeting(group_id=group.id, actor=officer), member(group, name="=cmd()")
    member(group, name="Zoë Absent")
    check_in(session, there)
    lines = attendance.records.table(session.id, officer)
    assert [line.state for line in lines] == ["confirmed", "absent"]
    assert attendance.records.figures(lines) == attendance.records.Figures(2, 1, 0, 0, 0)
    file = attendance.records.as_csv(session.id, officer)
    assert file.startswith("\ufeffvoter_id,name,status")
    assert f"{there.voter_id},'=cmd(),confirmed" in file


def test_a_group_that_met_is_not_deleted(officer, group):
    meeting(group_id=group.id, actor=officer)
    with pytest.raises(Conflict):
        voters.delete_group(group.id, ADMIN)


def test_pictures_and_positions_go_after_their_days_and_the_record_stays(officer, group, clock):
    session, voter = meeting(("room",), group_id=group.id, actor=officer), member(group)
    meetings.begin(session, member(group))
    record = photograph(session, voter, meetings.room_photo())
    path = record.room_path
    assert platform().storage.find(path)
    clock.shift(timedelta(days=platform().settings.snapshot_days, seconds=1))
    assert attendance.forget_old() == 1
    db.session.commit()
    db.session.refresh(record)
    assert (record.room_path, platform().storage.find(path)) == (None, None)
    assert db.session.scalar(select(func.count()).select_from(AttendanceRecord)) == 1
    assert db.session.scalar(select(func.count()).select_from(AttendanceAttempt)) == 0


@pytest.mark.commits
def test_the_worker_closes_a_meeting_at_its_end_and_forgets_with_its_own_rights(committing_app):
    with time_machine.travel(utc_now(), tick=False) as clock:
        session = meeting()
        end = session.ends_at
        clock.shift(timedelta(minutes=61))
        with use_role("sealer"):
            schedule.close_meetings(transaction)
            with transaction():
                attendance.forget_old()
        closed = db.session.get_one(type(session), session.id)
        assert closed.closed_at == end
        assert "worker:meeting:closed" in db.session.scalars(select(AuditLog.event_type)).all()
