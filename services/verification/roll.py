"""The electoral roll of an election against the audit log: who was put on it, or taken off, beside the services?"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from models import AuditLog, Election, ElectionStatus, db
from services.roll_fingerprint import roll_fingerprint

DETAIL = "roll_fingerprint"
CLOSED = ("staff:election:closed", "worker:election:closed")


def roll_problems(election: Election) -> Iterator[str]:
    """Yield a sentence when the roll differs from what the audit log says of it.

    Opening and each change of an open roll write its fingerprint down, closing does it once more. An election that
    was opened before this was kept has none, and nothing is said.
    """
    kept = db.session.execute(
        select(AuditLog.event_type, AuditLog.details[DETAIL].astext)
        .where(AuditLog.election_id == election.id, AuditLog.details.has_key(DETAIL))
        .order_by(AuditLog.id)
    ).all()
    said = [fingerprint for event, fingerprint in kept if event not in CLOSED]
    at_closing = [fingerprint for event, fingerprint in kept if event in CLOSED]
    if not said:
        return
    if election.status is ElectionStatus.ACTIVE and roll_fingerprint(election) != said[-1]:
        yield "The electoral roll is not the one of the audit log: somebody was put on it or taken off."
    if at_closing and at_closing[-1] != said[-1]:
        yield "At closing the electoral roll was not the one of the audit log: somebody was put on it or taken off."
