"""One hash of all who stand on a roll: the audit log keeps it, so that nobody is put on an open roll beside it."""

from __future__ import annotations

from sqlalchemy import text

from models import Election, ElectionStatus, db

STATEMENT = text(
    "SELECT encode(sha256(coalesce(string_agg(int8send(voter_id), ''::bytea ORDER BY voter_id), ''::bytea)), 'hex')"
    " FROM roll_entries WHERE election_id = :election"
)


def roll_fingerprint(election: Election) -> str:
    """Return SHA-256, hex, over the row ids of all voters on the roll: ascending, 8 bytes each, big endian."""
    return str(db.session.scalar(STATEMENT, {"election": election.id}))


def of_an_open_roll(election: Election) -> dict[str, str]:
    """Return the fingerprint as a detail of the audit log while the election is open, else nothing."""
    if election.status is not ElectionStatus.ACTIVE:
        return {}
    return {"roll_fingerprint": roll_fingerprint(election)}
