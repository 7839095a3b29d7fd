"""Requests that come twice, late or beside each other leave one check-in."""

from __future__ import annotations

from sqlalchemy import func, select

from models import AttendanceAttempt, AttendanceRecord, db
from services import attendance
from services.attendance import Entry
from tests import factories
from tests.support import meetings
from tests.support.meetings import PHONE, meeting, member, stand


def test_a_code_that_was_under_way_while_the_record_was_written_opens_no_second_check_in(app, monkeypatch):
    group = factories.GroupFactory()
    session, voter = meeting(("location",), group_id=group.id), member(group)
    code = meetings.code(session)
    meetings.begin(session, voter)
    before = attendance.checkin.standing(session.id, voter.id)
    record = stand(session, voter)
    monkeypatch.setattr(attendance.checkin, "_standing", lambda *_: before)
    late = attendance.checkin.begin(session.id, voter.id, code, PHONE)
    db.session.commit()
    assert (late.entry, late.record.id) == (Entry.ALREADY, record.id)
    assert attendance.checkin.find_open(session.id, voter.id) is None
    assert db.session.scalar(select(func.count()).select_from(AttendanceRecord)) == 1
    assert db.session.scalar(select(func.count()).where(AttendanceAttempt.used_at.is_(None))) == 0


def test_a_member_who_left_the_group_has_no_check_in_any_more(app):
    group = factories.GroupFactory()
    session, voter = meeting(("location",), group_id=group.id), member(group)
    meetings.begin(session, voter)
    db.session.execute(db.delete(meetings.GroupMember).where(meetings.GroupMember.voter_id == voter.id))
    db.session.commit()
    assert attendance.checkin.find_open(session.id, voter.id) is None
