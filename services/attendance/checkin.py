"""A check-in: the code opens it, the layers that the meeting asks for follow, and the last one writes the record.

Doubt is a flag with its evidence, and the check-in goes on: whoever was there is on record, and an officer looks.
Refused, in words, are only who types no code of this meeting, and who comes half an hour before or an hour after it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from models import (
    AttendanceAttempt,
    AttendanceRecord,
    AttendanceSession,
    FlagKind,
    Layer,
    PresenceFlag,
    RecordStatus,
    Voter,
    db,
)
from services import audit_logger
from services.actor import Actor
from services.attendance import codes, layers, sessions
from services.attendance.outcomes import Begun, Entry, NoCheckIn, NotThisStep
from services.clock import utc_now

LASTS = timedelta(minutes=20)
"""From the code to the record: three tries of the live check, and a slow walk through the steps."""
GRACE = timedelta(minutes=60)
"""So long after the end a check-in is taken, with a flag; who comes later is entered by the officer."""
REASONS = ("refused", "unavailable", "later")
"""What a member may say for a layer that is not shown: not allowed, not there, or left out."""


def stage(session: AttendanceSession, now: datetime) -> Literal["coming", "open", "over"]:
    """Tell whether a member may check in now: not yet, yes, or no more."""
    if now < session.starts_at - sessions.EARLY:
        return "coming"
    return "open" if now <= sessions.end_of(session) + GRACE else "over"


def begin(session_id: int, voter_id: int, code: str, actor: Actor) -> Begun:
    """Open the check-in of a member by the code, or go on with the open one; raises NotFound for another group's.

    A repeat, after the record is written, returns that record.
    """
    session = sessions.for_member(session_id, voter_id)
    now = utc_now()
    done = record_of(session_id, voter_id)
    if done is not None:
        return Begun(Entry.ALREADY, record=done)
    if now < session.starts_at - sessions.EARLY:
        return Begun(Entry.TOO_EARLY)
    over = sessions.end_of(session)
    if now > over + GRACE:
        return Begun(Entry.OVER)
    fit = codes.fit(session, code, now)
    if not fit.known:
        return Begun(Entry.WRONG_CODE)
    attempt = _open(session, voter_id)
    if now > over:
        layers.flag(attempt, FlagKind.OUT_OF_TIME, minutes_after_end=round((now - over).total_seconds() / 60, 1))
    elif fit.seconds_late:
        layers.flag(attempt, FlagKind.OUT_OF_TIME, seconds_after_code=fit.seconds_late)
    if layers.following(attempt) is None:
        return Begun(Entry.ALREADY, record=_write(attempt, actor))
    return Begun(Entry.OPEN, attempt)


def present(session_id: int, voter_id: int) -> AttendanceAttempt:
    """Return the open check-in of a member, locked; raises NotFound for another group's meeting, and NoCheckIn."""
    sessions.for_member(session_id, voter_id)
    attempt = find_open(session_id, voter_id, lock=True)
    if attempt is None:
        raise NoCheckIn()
    return attempt


def find_open(session_id: int, voter_id: int, lock: bool = False) -> AttendanceAttempt | None:
    """Return the open check-in of a member, None when there is none."""
    mine = AttendanceAttempt.session_id == session_id, AttendanceAttempt.voter_id == voter_id
    wanted = select(AttendanceAttempt).where(*mine, AttendanceAttempt.used_at.is_(None))
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(wanted)
    return found if found is not None and found.expires_at > utc_now() else None


def record_of(session_id: int, voter_id: int) -> AttendanceRecord | None:
    """Return the record of a member, None before the check-in."""
    mine = AttendanceRecord.session_id == session_id, AttendanceRecord.voter_id == voter_id
    return db.session.scalar(select(AttendanceRecord).where(*mine))


def is_late(session: AttendanceSession, now: datetime) -> bool:
    """Tell whether who comes now is late by the meeting's own minutes."""
    return now > session.starts_at + timedelta(minutes=session.late_after_minutes)


def take(
    session_id: int, voter_id: int, layer: Layer, prove: Callable[[AttendanceAttempt], None], actor: Actor
) -> AttendanceRecord | None:
    """Let `prove` judge the layer that is due; return the record when it was the last one.

    Raises NotFound, NoCheckIn; NotThisStep when another layer is due. A layer that is done already stays as it is: a
    repeat changes nothing.
    """
    attempt = _present_or_done(session_id, voter_id)
    if isinstance(attempt, AttendanceRecord):
        return attempt
    if layer.value not in attempt.layers:
        if layers.following(attempt) is not layer:
            raise NotThisStep()
        prove(attempt)
    return settle(attempt, actor)


def leave_out(session_id: int, voter_id: int, layer: Layer, why: str, actor: Actor) -> AttendanceRecord | None:
    """Go on without the layer that is due, with a flag; `why` is one of REASONS. Returns and raises as `take`."""
    reason = why if why in REASONS else "later"
    return take(session_id, voter_id, layer, lambda attempt: layers.note_missing(attempt, layer, reason), actor)


def settle(attempt: AttendanceAttempt, actor: Actor) -> AttendanceRecord | None:
    """Write the record when no layer is left; None while one is."""
    return None if layers.following(attempt) is not None else _write(attempt, actor)


def _present_or_done(session_id: int, voter_id: int) -> AttendanceAttempt | AttendanceRecord:
    sessions.for_member(session_id, voter_id)
    attempt = find_open(session_id, voter_id, lock=True)
    found = attempt or record_of(session_id, voter_id)
    if found is None:
        raise NoCheckIn()
    return found


def _open(session: AttendanceSession, voter_id: int) -> AttendanceAttempt:
    """Return the open check-in, or a new one; of two requests at once one opens it and both go on with it."""
    now = utc_now()
    stale = select(AttendanceAttempt).where(
        AttendanceAttempt.session_id == session.id, AttendanceAttempt.voter_id == voter_id,
        AttendanceAttempt.used_at.is_(None), AttendanceAttempt.expires_at <= now,
    )  # fmt: skip
    for one in db.session.scalars(stale.with_for_update()):
        one.used_at, one.state = now, {}
    db.session.flush()
    db.session.execute(
        insert(AttendanceAttempt)
        .values(
            session_id=session.id, voter_id=voter_id, nonce=secrets.token_bytes(32), created_at=now,
            expires_at=now + LASTS,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    return present(session.id, voter_id)


def _write(attempt: AttendanceAttempt, actor: Actor) -> AttendanceRecord:
    """Write the record of a finished check-in, and spend it; two at once write one."""
    now, session = utc_now(), attempt.session
    status = RecordStatus.FLAGGED if attempt.flags else RecordStatus.CONFIRMED
    written = db.session.scalar(
        insert(AttendanceRecord)
        .values(
            session_id=session.id, voter_id=attempt.voter_id, device_id=attempt.device_id, status=status,
            checked_in_at=now, late=is_late(session, now), layers=attempt.layers, latitude=attempt.latitude,
            longitude=attempt.longitude, accuracy_m=attempt.accuracy_m, selfie_path=attempt.selfie_path,
            selfie_hash=attempt.selfie_hash, room_path=attempt.room_path, room_hash=attempt.room_hash, created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(AttendanceRecord.id)
    )  # fmt: skip
    flags = attempt.flags
    attempt.used_at, attempt.state, attempt.selfie_path, attempt.room_path = now, {}, None, None
    if written is not None:
        db.session.add_all(
            PresenceFlag(record_id=written, kind=FlagKind(one["kind"]), evidence=one["evidence"], created_at=now)
            for one in flags
        )
        audit_logger.record(
            "voter:attendance:checked_in", actor, voter_number=db.session.get_one(Voter, attempt.voter_id).voter_id,
            subject_id=session.id, title=session.title, status=status.value,
        )  # fmt: skip
    db.session.flush()
    mine = AttendanceRecord.session_id == session.id, AttendanceRecord.voter_id == attempt.voter_id
    return db.session.scalars(select(AttendanceRecord).where(*mine)).one()
