"""A check-in: the code opens it, the layers that the meeting asks for follow, and the last one writes the record.

Doubt is a flag with its evidence, and the check-in goes on: whoever was there is on record, and an officer looks.
Refused, in words, are only who types no code of this meeting, and who comes half an hour before or an hour after it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm.attributes import set_committed_value

from models import (
    AttendanceAttempt,
    AttendanceRecord,
    AttendanceSession,
    FlagKind,
    Layer,
    PresenceFlag,
    RecordStatus,
    db,
)
from services import audit_logger
from services.actor import Actor
from services.attendance import codes, layers, lookups, sessions
from services.attendance.outcomes import Begun, Entry, NoCheckIn, NotThisStep
from services.clock import utc_now

LASTS = timedelta(minutes=20)
"""From the code to the record: three tries of the live check, and a slow walk through the steps."""
GRACE = timedelta(minutes=60)
"""So long after the end a check-in is taken, with a flag; who comes later is entered by the officer."""
REASONS = ("refused", "unavailable", "later")
"""What a member may say for a layer that is not shown: not allowed, not there, or left out."""

Prove = Callable[[AttendanceAttempt], None]
"""Judges one layer of a check-in and writes down what it found."""


@dataclass(frozen=True)
class Standing:
    """A meeting, and how far a member is: the record, else the open check-in, else neither."""

    session: AttendanceSession
    record: AttendanceRecord | None
    attempt: AttendanceAttempt | None


def stage(session: AttendanceSession, now: datetime) -> Literal["coming", "open", "over"]:
    """Tell whether a member may check in now: not yet, yes, or no more."""
    if now < session.starts_at - sessions.EARLY:
        return "coming"
    return "open" if now <= sessions.end_of(session) + GRACE else "over"


def begin(session_id: int, voter_id: int, code: str, actor: Actor) -> Begun:
    """Open the check-in of a member by the code, or go on with the open one; raises NotFound for another group's.

    A repeat, after the record is written, returns that record.
    """
    found, now = _standing(session_id, voter_id), utc_now()
    session = found.session
    if found.record is not None:
        return Begun(Entry.ALREADY, record=found.record)
    if now < session.starts_at - sessions.EARLY:
        return Begun(Entry.TOO_EARLY)
    over = sessions.end_of(session)
    if now > over + GRACE:
        return Begun(Entry.OVER)
    fit = codes.fit(session, code, now)
    if not fit.known:
        return Begun(Entry.WRONG_CODE)
    attempt = _open(session, voter_id) if found.attempt is None else _reopen(session, voter_id)
    if (done := record_of(session_id, voter_id)) is not None:
        # Written between the look above and now: what was just opened would be a second check-in.
        attempt.used_at = now
        return Begun(Entry.ALREADY, record=done)
    if now > over:
        layers.flag(attempt, FlagKind.OUT_OF_TIME, minutes_after_end=round((now - over).total_seconds() / 60, 1))
    elif fit.seconds_late:
        layers.flag(attempt, FlagKind.OUT_OF_TIME, seconds_after_code=fit.seconds_late)
    if layers.following(attempt) is None:
        return Begun(Entry.ALREADY, record=_write(attempt, actor))
    return Begun(Entry.OPEN, attempt)


def present(session_id: int, voter_id: int) -> AttendanceAttempt:
    """Return the open check-in of a member, locked; raises NotFound for another group's meeting, and NoCheckIn."""
    attempt = find_open(session_id, voter_id, lock=True)
    if attempt is None:
        sessions.for_member(session_id, voter_id)
        raise NoCheckIn()
    return attempt


def standing(session_id: int, voter_id: int) -> Standing:
    """Return a meeting of the member's and how far the member is; raises NotFound for another group's meeting."""
    found = _standing(session_id, voter_id)
    over = found.record is not None or found.attempt is None or found.attempt.expires_at <= utc_now()
    return Standing(found.session, found.record, None if over else found.attempt)


def find_open(session_id: int, voter_id: int, lock: bool = False) -> AttendanceAttempt | None:
    """Return the open check-in of a member of the group, with meeting and voter; None when there is none."""
    wanted = lookups.OPEN_LOCKED if lock else lookups.OPEN
    found = db.session.scalar(wanted, {"session_id": session_id, "voter_id": voter_id})
    return found if found is not None and found.expires_at > utc_now() else None


def record_of(session_id: int, voter_id: int) -> AttendanceRecord | None:
    """Return the record of a member, None before the check-in."""
    return db.session.scalar(lookups.RECORD, {"session_id": session_id, "voter_id": voter_id})


def of_member(voter_id: int) -> list[tuple[AttendanceSession, AttendanceRecord | None]]:
    """Return the meetings of a member's groups, the newest first, fifty at most, with the record of each."""
    found = db.session.execute(lookups.OF_MEMBER, {"voter_id": voter_id, "most": sessions.PAGE_SIZE})
    return [(session, record) for session, record in found]


def is_late(session: AttendanceSession, now: datetime) -> bool:
    """Tell whether who comes now is late by the meeting's own minutes."""
    return now > session.starts_at + timedelta(minutes=session.late_after_minutes)


def take(session_id: int, voter_id: int, proofs: Mapping[Layer, Prove], actor: Actor) -> AttendanceRecord | None:
    """Let each of `proofs` judge its layer, in their order; return the record when the last one was among them.

    Raises NotFound, NoCheckIn; NotThisStep when another layer is due. A layer that is done already stays as it is: a
    repeat changes nothing.
    """
    attempt = _present_or_done(session_id, voter_id)
    if isinstance(attempt, AttendanceRecord):
        return attempt
    # What was found is written down once, at the end, and not before each question to the database.
    with db.session.no_autoflush:
        for layer, prove in proofs.items():
            if layer.value in attempt.layers:
                continue
            if layers.following(attempt) is not layer:
                raise NotThisStep()
            prove(attempt)
    return settle(attempt, actor)


def leave_out(session_id: int, voter_id: int, layer: Layer, why: str, actor: Actor) -> AttendanceRecord | None:
    """Go on without the layer that is due, with a flag; `why` is one of REASONS. Returns and raises as `take`."""
    reason = why if why in REASONS else "later"
    return take(session_id, voter_id, {layer: lambda attempt: layers.note_missing(attempt, layer, reason)}, actor)


def settle(attempt: AttendanceAttempt, actor: Actor) -> AttendanceRecord | None:
    """Write the record when no layer is left; None while one is."""
    return None if layers.following(attempt) is not None else _write(attempt, actor)


def _present_or_done(session_id: int, voter_id: int) -> AttendanceAttempt | AttendanceRecord:
    attempt = find_open(session_id, voter_id, lock=True)
    if attempt is not None:
        return attempt
    found = _standing(session_id, voter_id).record
    if found is None:
        raise NoCheckIn()
    return found


def _standing(session_id: int, voter_id: int) -> Standing:
    """Return all of it in one question, because every page of a check-in asks; an attempt may have run out."""
    row = db.session.execute(lookups.STANDING, {"session_id": session_id, "voter_id": voter_id}).one_or_none()
    if row is None:
        raise sessions.no_meeting()
    return Standing(*row)


def _reopen(session: AttendanceSession, voter_id: int) -> AttendanceAttempt:
    """Go on with the open check-in, or open a new one where its time is over."""
    now = utc_now()
    stale = select(AttendanceAttempt).where(
        AttendanceAttempt.session_id == session.id, AttendanceAttempt.voter_id == voter_id,
        AttendanceAttempt.used_at.is_(None), AttendanceAttempt.expires_at <= now,
    )  # fmt: skip
    for one in db.session.scalars(stale.with_for_update()):
        one.used_at, one.state = now, {}
    db.session.flush()
    return _open(session, voter_id)


def _open(session: AttendanceSession, voter_id: int) -> AttendanceAttempt:
    """Open a check-in; of two requests at once one opens it and both go on with it."""
    now = utc_now()
    opened = db.session.scalar(
        insert(AttendanceAttempt)
        .values(
            session_id=session.id, voter_id=voter_id, nonce=secrets.token_bytes(32), created_at=now,
            expires_at=now + LASTS,
        )
        .on_conflict_do_nothing()
        .returning(AttendanceAttempt)
    )  # fmt: skip
    return opened or present(session.id, voter_id)


_WRITE = insert(AttendanceRecord).on_conflict_do_nothing().returning(AttendanceRecord)


def _write(attempt: AttendanceAttempt, actor: Actor) -> AttendanceRecord:
    """Write the record of a finished check-in, and spend it; two at once write one."""
    now, session, flags = utc_now(), attempt.session, attempt.flags
    status = RecordStatus.FLAGGED if flags else RecordStatus.CONFIRMED
    pictures = {"selfie_path": attempt.selfie_path, "room_path": attempt.room_path}
    attempt.used_at, attempt.state, attempt.selfie_path, attempt.room_path = now, {}, None, None
    values = {
        "session_id": session.id, "voter_id": attempt.voter_id, "device_id": attempt.device_id, "status": status,
        "checked_in_at": now, "late": is_late(session, now), "layers": attempt.layers, "latitude": attempt.latitude,
        "longitude": attempt.longitude, "accuracy_m": attempt.accuracy_m, "selfie_hash": attempt.selfie_hash,
        "room_hash": attempt.room_hash, "created_at": now, **pictures,
    }  # fmt: skip
    # What else is to be written goes with the flush at the end, in as few statements as it takes.
    with db.session.no_autoflush:
        written: AttendanceRecord | None = db.session.scalar(_WRITE, values)
    if written is None:
        return db.session.scalars(lookups.RECORD, {"session_id": session.id, "voter_id": attempt.voter_id}).one()
    raised = [PresenceFlag(record_id=written.id, kind=FlagKind(one["kind"]), evidence=one["evidence"], created_at=now)
              for one in flags]  # fmt: skip
    db.session.add_all(raised)
    # Known, so that the page that follows asks for neither.
    set_committed_value(written, "session", session)
    set_committed_value(written, "flags", raised)
    audit_logger.record(
        "voter:attendance:checked_in", actor, voter_number=attempt.voter.voter_id, subject_id=session.id,
        title=session.title, status=status.value,
    )  # fmt: skip
    db.session.flush()
    return written
