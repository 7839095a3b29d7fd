"""The attendance table of a meeting: who was there, by hand too, who left, and the file of it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from models import AttendanceRecord, AttendanceSession, GroupMember, Layer, RecordStatus, Voter, db
from services import audit_logger, voters
from services.actor import Actor
from services.attendance import checkin, codes, sessions
from services.clock import utc_now
from services.errors import Conflict, NotFound, ValidationFailed
from services.exports.csv import BYTE_ORDER_MARK, safe_cell

MAX_REASON = 500
COLUMNS = ("voter_id", "name", "status", "checked_in_at", "late", "left_at", "left_early", "by_hand",
           *(layer.value for layer in Layer), "flags")  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A member of the group, or somebody who checked in and left the group since; no record: absent."""

    voter: Voter
    record: AttendanceRecord | None

    @property
    def state(self) -> str:
        return self.record.status.value if self.record else "absent"


@dataclass(frozen=True)
class Figures:
    """Members, those who were there (rejected ones are not), and those among them with a doubt, late, gone."""

    members: int
    there: int
    flagged: int
    late: int
    left: int


def table(session_id: int, actor: Actor) -> list[Line]:
    """Return everybody of the meeting by name, with the record; raises NotFound."""
    session = sessions.find(session_id, actor)
    records = {
        record.voter_id: record
        for record in db.session.scalars(
            select(AttendanceRecord)
            .where(AttendanceRecord.session_id == session.id)
            .options(selectinload(AttendanceRecord.flags))
        )
    }
    members = select(GroupMember.voter_id).where(GroupMember.group_id == session.group_id)
    people = select(Voter).where(Voter.id.in_(members) | Voter.id.in_(list(records)))
    return [Line(one, records.get(one.id)) for one in db.session.scalars(people.order_by(func.lower(Voter.name)))]


def figures(lines: list[Line]) -> Figures:
    """Count the table."""
    there = [line.record for line in lines if line.record and line.record.status is not RecordStatus.REJECTED]
    return Figures(
        members=len(lines), there=len(there), late=sum(one.late for one in there),
        flagged=sum(one.status is RecordStatus.FLAGGED for one in there),
        left=sum(one.left_at is not None for one in there),
    )  # fmt: skip


def enter_by_hand(session_id: int, typed_number: str, reason: str, actor: Actor) -> AttendanceRecord:
    """Check a member in without a phone, with a reason; who is on record already stays as recorded (Conflict)."""
    session = sessions.find(session_id, actor)
    errors = {}
    if not reason.strip() or len(reason) > MAX_REASON:
        errors["reason"] = _("Say why the member is checked in by hand.")
    number = voters.normalise_voter_number(typed_number)
    voter = db.session.scalar(select(Voter).where(Voter.voter_id == number))
    if voter is None or db.session.get(GroupMember, (session.group_id, voter.id)) is None:
        errors["voter_id"] = _("No member of this group has this voter ID.")
    if errors or voter is None:
        raise ValidationFailed(fields=errors)
    if checkin.record_of(session.id, voter.id) is not None:
        raise Conflict(_("%(name)s is checked in already.", name=voter.name))
    now = utc_now()
    record = AttendanceRecord(
        session_id=session.id, voter_id=voter.id, status=RecordStatus.CONFIRMED, checked_in_at=now,
        late=checkin.is_late(session, now), layers={},
        entered_by=actor.id, reason=reason.strip(), created_at=now,
    )  # fmt: skip
    db.session.add(record)
    db.session.flush()
    audit_logger.record(
        "staff:attendance:entered", actor, voter_number=voter.voter_id, subject_id=session.id, title=session.title,
        reason=reason.strip(),
    )  # fmt: skip
    return record


def note_left(session_id: int, record_id: int, actor: Actor) -> AttendanceRecord:
    """Write down that a member leaves now, or, pressed again, that the member is back."""
    session = sessions.find(session_id, actor)
    record = db.session.get(AttendanceRecord, record_id, with_for_update=True)
    if record is None or record.session_id != session.id:
        raise NotFound(_("There is no such check-in."))
    record.left_at = None if record.left_at else max(utc_now(), record.checked_in_at)
    audit_logger.record(
        "staff:attendance:left" if record.left_at else "staff:attendance:returned", actor,
        voter_number=record.voter.voter_id, subject_id=session.id, title=session.title,
    )  # fmt: skip
    return record


def leave(session_id: int, voter_id: int, actor: Actor) -> AttendanceRecord:
    """Let a member say that the member leaves now; raises NotFound, and Conflict for who is not checked in or over."""
    session = sessions.for_member(session_id, voter_id)
    record = checkin.record_of(session_id, voter_id)
    if record is None or session.over_at <= utc_now():
        raise Conflict(_("You can leave a meeting that is on and that you are checked in to."))
    db.session.refresh(record, with_for_update=True)
    if record.left_at is None:
        record.left_at = max(utc_now(), record.checked_in_at)
        _record_own("voter:attendance:left", session, record, actor)
    return record


def come_back(session_id: int, voter_id: int, code: str, actor: Actor) -> bool:
    """Let a member who left come back by the code of this moment; tell whether it was that. Raises as `leave`.

    A code that is over does not do: it could have been passed on.
    """
    session = sessions.for_member(session_id, voter_id)
    record = checkin.record_of(session_id, voter_id)
    if record is None or session.over_at <= utc_now():
        raise Conflict(_("You can come back to a meeting that is on and that you were checked in to."))
    fit = codes.fit(session, code, utc_now())
    if not fit.known or fit.seconds_late:
        return False
    db.session.refresh(record, with_for_update=True)
    if record.left_at is not None:
        record.left_at = None
        _record_own("voter:attendance:returned", session, record, actor)
    return True


def _record_own(event: str, session: AttendanceSession, record: AttendanceRecord, actor: Actor) -> None:
    audit_logger.record(event, actor, voter_number=record.voter.voter_id, subject_id=session.id, title=session.title)


def as_csv(session_id: int, actor: Actor) -> str:
    """Return the table as CSV (RFC 4180), cells safe for spreadsheets; times in ISO 8601, UTC. Raises NotFound."""
    session, lines = sessions.find(session_id, actor), table(session_id, actor)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([safe_cell(cell) for cell in _cells(line)])
    audit_logger.record("staff:attendance:exported", actor, subject_id=session.id, title=session.title)
    content = buffer.getvalue()
    return content if content.isascii() else BYTE_ORDER_MARK + content


def left_early(record: AttendanceRecord) -> bool:
    """Tell whether the member left before the end of the meeting."""
    return record.left_at is not None and record.left_at < sessions.end_of(record.session)


def _cells(line: Line) -> list[str]:
    record = line.record
    if record is None:
        return [line.voter.voter_id, line.voter.name, "absent", *[""] * (len(COLUMNS) - 3)]
    found = [str(record.layers.get(layer.value, {}).get("result", "")) for layer in Layer]
    return [
        line.voter.voter_id, line.voter.name, record.status.value, record.checked_in_at.isoformat(), _yes(record.late),
        record.left_at.isoformat() if record.left_at else "", _yes(left_early(record)), _yes(record.entered_by),
        *found, "; ".join(flag.kind.value for flag in record.flags),
    ]  # fmt: skip


def _yes(value: object) -> str:
    return "yes" if value else "no"
