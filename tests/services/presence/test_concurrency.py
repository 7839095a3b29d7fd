"""Leaving and casting in the same instant: one is first, never both; and no row of presence tells of a cast."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text

from models import AttendanceSession, Election, Vote, Voter, db, transaction, use_role
from services import ballots
from services.attendance import checkin, records
from services.ballots import Choice
from tests.support.meetings import PHONE
from tests.support.motions import gathering, leave, opened, right_of, vote
from tests.support.voting import new_key

pytestmark = pytest.mark.commits

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
def held(committing_app):
    """Return the ids of a meeting, its motion and a member, and the officer; the quorum is all three."""
    session, people, officer = gathering(members=3)
    motion = opened(session, officer, quorum="number", number=2)
    return session.id, motion.id, people[0].id, officer


def cast(number, voter_id):
    motion, voter = db.session.get_one(Election, number), db.session.get_one(Voter, voter_id)
    return ballots.cast(right_of(motion, voter), Choice(nota=True), new_key(), PHONE).kind


def note_left(meeting_id, voter_id, officer):
    records.note_left(meeting_id, checkin.record_of(meeting_id, voter_id).id, officer)


def elsewhere(app, act, *given):
    with app.app_context(), transaction():
        return act(*given)


def wait_for_a_waiter():
    """Return when a session waits for an advisory lock."""
    end = time.monotonic() + 120
    while not db.session.scalar(text(WAITING)):
        if time.monotonic() > end:
            db.session.rollback()
            raise AssertionError("nobody waits")
        time.sleep(0.01)


def test_a_cast_waits_for_a_member_who_is_leaving_and_is_refused(committing_app, held):
    meeting_id, number, voter_id, officer = held
    with ThreadPoolExecutor(1) as pool:
        note_left(meeting_id, voter_id, officer)
        db.session.flush()
        waiting = pool.submit(elsewhere, committing_app, cast, number, voter_id)
        wait_for_a_waiter()
        db.session.commit()
        assert waiting.result(timeout=120) == "absent"
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 0


def test_leaving_waits_for_a_cast_under_way_and_comes_after_it(committing_app, held):
    meeting_id, number, voter_id, officer = held
    with ThreadPoolExecutor(1) as pool:
        assert cast(number, voter_id) == "cast"
        waiting = pool.submit(elsewhere, committing_app, note_left, meeting_id, voter_id, officer)
        wait_for_a_waiter()
        assert checkin.record_of(meeting_id, voter_id).left_at is None
        db.session.commit()
        waiting.result(timeout=120)
    db.session.expire_all()
    assert checkin.record_of(meeting_id, voter_id).left_at is not None
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 1


def test_presence_gates_and_does_not_mark(committing_app, held):
    meeting_id, number, voter_id, officer = held
    assert vote(db.session.get_one(Election, number), db.session.get_one(Voter, voter_id)) == "cast"
    leave(db.session.get_one(AttendanceSession, meeting_id), db.session.get_one(Voter, voter_id), officer)
    with use_role("owner"):
        casts = set(db.session.scalars(text("SELECT xmin::text FROM votes")))
        tables = ("attendance_records", "attendance_sessions", "attendance_attempts", "presence_flags", "devices")
        marks = {
            mark
            for table in tables
            for row in db.session.execute(text(f"SELECT xmin::text, xmax::text FROM {table}"))
            for mark in row
        }
    assert len(casts) == 1
    assert not casts & marks
