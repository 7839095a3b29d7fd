"""The audit log: one row a fact, in the transaction of the fact."""

from __future__ import annotations

from models import AuditLog, db
from services.actor import Actor

ALLOWED_DETAILS = frozenset(
    {
        "after", "audit_ref", "before", "channel", "count", "distance", "fingerprint", "form", "kiosk", "kind",
        "method", "name", "next_round", "pictures", "reason", "result", "role", "secrecy", "spoiled", "status",
        "subject_id", "title", "username", "voter_number",
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
    return row
