"""Somebody looks at a check-in again: confirms or rejects it; the member may object once; that decision is final.

A decision may be changed until the member objects; the audit log keeps the earlier ones. Who entered a member by hand,
or rejected the check-in that is objected to, does not decide about the own act while somebody else can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import exists, or_, select

from models import AttendanceRecord, RecordStatus, StaffRole, StaffUser, db
from services import audit_logger, email_service
from services.actor import Actor
from services.attendance import checkin, sessions
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, NotFound, ValidationFailed

MAX_NOTE = 500
MOST_AT_ONCE = 200
"""Records that are decided in one request: four pages of the list."""
DECISIONS = (RecordStatus.CONFIRMED, RecordStatus.REJECTED)
EVENTS = {
    (RecordStatus.CONFIRMED, False): "staff:attendance:confirmed",
    (RecordStatus.REJECTED, False): "staff:attendance:rejected",
    (RecordStatus.CONFIRMED, True): "staff:attendance:objection_accepted",
    (RecordStatus.REJECTED, True): "staff:attendance:objection_refused",
}


class DecidedMeanwhile(Conflict):
    """Somebody else decided, or the member objected, since the page was shown."""

    code = "decided_meanwhile"


@dataclass(frozen=True)
class Bulk:
    """How many were decided, how many were decided before or are objected to, and how many are the own acts."""

    done: int
    skipped: int
    own: int


def find(record_id: int, actor: Actor) -> AttendanceRecord:
    """Return a check-in of a meeting that this member of staff may see; raises NotFound."""
    record = db.session.get(AttendanceRecord, record_id)
    if record is None:
        raise NotFound(_("There is no such check-in."))
    sessions.find(record.session_id, actor)
    return record


def decide(record_id: int, decision: str, note: str, actor: Actor, seen: str | None = None) -> AttendanceRecord:
    """Confirm or reject a check-in; `seen` is the `review_mark` of what was looked at, None to decide regardless.

    Raises NotFound, ValidationFailed without a decision, or without the note that a rejection, a change of mind and an
    objection need, Conflict for a final decision and for the own act, and DecidedMeanwhile.
    """
    find(record_id, actor)
    record = _locked(record_id)
    if seen is not None and seen != record.review_mark:
        raise DecidedMeanwhile(_("This check-in changed since you opened it. Look at it again."))
    if record.is_final:
        raise Conflict(_("This decision is final."))
    if own := own_act(record, actor):
        raise Conflict(own)
    found = _checked(record, decision, note)
    _settle(record, found, note, actor)
    return record


def decide_many(record_ids: Sequence[int], decision: str, note: str, actor: Actor) -> Bulk:
    """Confirm or reject check-ins that wait, with one note; the others stay as they are and are counted.

    Objections are decided one by one. Raises NotFound for a check-in that is not to be seen, ValidationFailed when
    none is chosen, without a decision, and for a rejection without a note.
    """
    if not 1 <= len(set(record_ids)) <= MOST_AT_ONCE:
        raise ValidationFailed(fields={"records": _("Tick 1 to %(most)s check-ins.", most=MOST_AT_ONCE)})
    found = _decision(decision)
    if found is RecordStatus.REJECTED and not note.strip():
        raise ValidationFailed(fields={"note": _("Say what speaks against them. The members read it.")})
    done = skipped = own = 0
    chosen = [find(record_id, actor) for record_id in set(record_ids)]
    # In one order, meeting by meeting, whose votes each judgement waits for: two people who decide at once wait for
    # each other instead of forever.
    for _session_id, record_id in sorted((one.session_id, one.id) for one in chosen):
        record = _locked(record_id)
        if record.status is not RecordStatus.FLAGGED or record.objection_waits:
            skipped += 1
        elif own_act(record, actor):
            own += 1
        else:
            _settle(record, found, note, actor)
            done += 1
    return Bulk(done, skipped, own)


def object_to(session_id: int, voter_id: int, words: str, actor: Actor) -> AttendanceRecord:
    """Take the member's one objection to a rejection; it waits for a decision again, which is then final.

    Raises NotFound, ValidationFailed without words, and Conflict where nothing was rejected, for a second objection,
    and after `objection_until`.
    """
    record = _locked(own_record(session_id, voter_id).id)
    if record.objected_at is not None:
        raise Conflict(_("You objected already. One objection is looked at."))
    if record.status is not RecordStatus.REJECTED:
        raise Conflict(_("Your check-in was not rejected. There is nothing to object to."))
    if not may_object(record):
        raise Conflict(_("The time to object is over: the pictures are erased."))
    if not words.strip() or len(words) > MAX_NOTE:
        raise ValidationFailed(fields={"objection": _("Say why your check-in was right.")})
    record.objection, record.objected_at = words.strip(), utc_now()
    record.status = RecordStatus.FLAGGED
    audit_logger.record(
        "voter:attendance:objected", actor, voter_number=record.voter.voter_id, subject_id=record.session_id,
        title=record.session.title,
    )  # fmt: skip
    db.session.flush()
    return record


def own_record(session_id: int, voter_id: int) -> AttendanceRecord:
    """Return the member's own check-in; raises NotFound."""
    sessions.for_member(session_id, voter_id)
    found = checkin.record_of(session_id, voter_id)
    if found is None:
        raise NotFound(_("You did not check in to this one."))
    return found


def may_object(record: AttendanceRecord) -> bool:
    """Tell whether the member may object now."""
    until = objection_until(record)
    return record.objected_at is None and until is not None and utc_now() < until


def objection_until(record: AttendanceRecord) -> datetime | None:
    """Return until when a rejection can be objected to: as long as its pictures are kept. None where none was."""
    if record.status is not RecordStatus.REJECTED or record.reviewed_at is None:
        return None
    return record.reviewed_at + timedelta(days=platform().settings.snapshot_days)


def own_act(record: AttendanceRecord, actor: Actor) -> str:
    """Return why this person leaves the decision to somebody else; empty when nothing speaks against it."""
    if record.entered_by == actor.id and _somebody_else(record, actor):
        return _("You checked this member in by hand. Somebody else decides about it.")
    if record.objection_waits and record.reviewed_by == actor.id and _somebody_else(record, actor):
        return _("You rejected this check-in. Somebody else decides about the objection.")
    return ""


def _somebody_else(record: AttendanceRecord, actor: Actor) -> bool:
    """Tell whether another active person could decide: an admin, or the officer of the meeting."""
    may = or_(StaffUser.role == StaffRole.ADMIN, StaffUser.id == record.session.created_by)
    other = exists().where(StaffUser.is_active, StaffUser.role != StaffRole.OBSERVER, StaffUser.id != actor.id, may)
    return bool(db.session.scalar(select(other)))


def _locked(record_id: int) -> AttendanceRecord:
    db.session.flush()
    return db.session.get_one(
        AttendanceRecord, record_id, with_for_update={"of": AttendanceRecord}, populate_existing=True
    )


def _settle(record: AttendanceRecord, decision: RecordStatus, note: str, actor: Actor) -> None:
    before, objected = record.status, record.objection_waits
    record.status, record.review_note = decision, note.strip()
    # Two moments of one microsecond would leave open which came first.
    after = record.objected_at + timedelta(microseconds=1) if record.objected_at else utc_now()
    record.reviewed_by, record.reviewed_at = actor.id, max(utc_now(), after)
    audit_logger.record(
        EVENTS[decision, objected], actor, voter_number=record.voter.voter_id, subject_id=record.session_id,
        title=record.session.title, before=before.value, after=decision.value, reason=record.review_note,
    )  # fmt: skip
    _tell(record, objected)
    db.session.flush()


def _tell(record: AttendanceRecord, objected: bool) -> None:
    """Mail the member a rejection, and each answer to an objection; that all is well stands on the member's page."""
    what = "rejected"
    if objected:
        what = "accepted" if record.status is RecordStatus.CONFIRMED else "refused"
    elif record.status is RecordStatus.CONFIRMED:
        return
    until = objection_until(record) if may_object(record) else None
    email_service.queue_member_decision(record.voter, what, record.review_note or "", record.session.title, until)


def _checked(record: AttendanceRecord, decision: str, note: str) -> RecordStatus:
    found = _decision(decision)
    if len(note) > MAX_NOTE:
        raise ValidationFailed(
            fields={"note": _("This is too long. The limit is %(limit)s characters.", limit=MAX_NOTE)}
        )
    changed = record.reviewed_at is not None
    if not note.strip() and (changed or found is RecordStatus.REJECTED):
        words = _("Say why the decision changes.") if changed else _("Say what speaks against it. The member reads it.")
        if record.objection_waits:
            words = _("Answer the objection. The member reads it.")
        raise ValidationFailed(fields={"note": words})
    return found


def _decision(decision: str) -> RecordStatus:
    if decision not in DECISIONS:
        raise ValidationFailed(fields={"decision": _("Choose one of the two.")})
    return RecordStatus(decision)
