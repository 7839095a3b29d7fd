"""The audit log: one row a fact, in the transaction of the fact."""

from __future__ import annotations

from sqlalchemy import exists, func, select

from models import AuditLog, db
from services import live
from services.actor import Actor

ONCE_LOCK = 0x4F4E4345
"""Class of the advisory locks under which a fact is written down once an hour."""

UNSEEN = frozenset({"staff:result:viewed", "staff:result:exported"})
"""Facts that change nothing on a live page; a page that is looked at must not push itself."""
ALLOWED_DETAILS = frozenset(
    {
        "act", "after", "audit_ref", "before", "channel", "confirmed_by", "count", "distance", "fingerprint", "form",
        "kiosk", "kind", "method", "name", "next_round", "note", "pictures", "reason", "requested_by", "result",
        "role", "roll_fingerprint", "secrecy", "spoiled", "status", "subject_id", "title", "username", "voter_number",
    }
)  # fmt: skip


def record(event_type: str, actor: Actor, *, election_id: int | None = None, **details: object) -> AuditLog:
    """Add an audit row `source:subject:action`; never a choice, a receipt or an address.

    Raises ValueError for a detail that is not on the list, so that nothing secret slips in by accident.
    """
    unknown = details.keys() - ALLOWED_DETAILS
    if unknown:
        raise ValueError(f"Not allowed in the audit log: {sorted(unknown)}")
    if event_type.count(":") != 2:
        raise ValueError(f"An event type is source:subject:action, not {event_type!r}")
    row = AuditLog(event_type=event_type, actor=str(actor), election_id=election_id, details=details)
    db.session.add(row)
    if election_id is not None and event_type not in UNSEEN:
        live.touch(election_id, event_type.split(":")[1])
    return row


def record_hourly(event_type: str, actor: Actor, *, election_id: int | None, **details: object) -> bool:
    """Add the row unless this actor has the same one in this hour (UTC); tell whether it was added.

    For what a page does again and again: an audit log of polls would hide what it is for.
    """
    db.session.execute(select(func.pg_advisory_xact_lock(ONCE_LOCK, func.hashtext(f"{event_type}/{actor}"))))
    known = exists().where(
        AuditLog.election_id == election_id,
        AuditLog.event_type == event_type,
        AuditLog.actor == str(actor),
        AuditLog.details == details,
        # The database's clock, which the rows have their time from.
        AuditLog.created_at >= func.date_trunc("hour", func.clock_timestamp(), "UTC"),
    )
    if db.session.scalar(select(known)):
        return False
    record(event_type, actor, election_id=election_id, **details)
    return True
