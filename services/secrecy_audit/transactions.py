"""Rows that were written together: PostgreSQL keeps the number of the transaction with each row, for good."""

from __future__ import annotations

from services.secrecy_audit.findings import Finding
from services.secrecy_audit.target import Target, rows

WHO = {
    "votes": "SELECT xmin::text, xmax::text, voter_id FROM votes WHERE election_id = :id",
    "roll_entries": "SELECT xmin::text, xmax::text, voter_id FROM roll_entries WHERE election_id = :id",
    "voting_tokens": "SELECT xmin::text, xmax::text, voter_id FROM voting_tokens WHERE election_id = :id",
    "ballot_passes": "SELECT xmin::text, xmax::text, voter_id FROM ballot_passes WHERE election_id = :id",
    "auth_events": "SELECT xmin::text, xmax::text, voter_id FROM auth_events WHERE election_id = :id",
    "challenges": "SELECT xmin::text, xmax::text, voter_id FROM challenges WHERE election_id = :id",
    "audit_logs": "SELECT a.xmin::text, a.xmax::text, v.voter_id FROM audit_logs a"
    " JOIN votes v ON v.audit_ref = a.details ->> 'audit_ref' WHERE a.election_id = :id AND v.election_id = :id",
    "email_messages": "SELECT m.xmin::text, m.xmax::text, v.voter_id FROM email_messages m"
    " JOIN votes v ON m.dedupe_key = 'vote_confirmation:' || v.audit_ref WHERE v.election_id = :id",
}
"""Tables whose rows name a voter: transaction that wrote the row, the one that locked or replaced it, the voter."""
WHAT = ("ballots", "ballot_receipts", "tallies")
"""Tables whose rows hold a choice or the receipt of one."""


def shared_transactions(target: Target) -> Finding:
    """Join voters and choices on `xmin` and `xmax`; rows of one cast share them even after VACUUM FREEZE."""
    finding, looked = Finding("transactions"), 0
    choices = {table: _written_by(target, table) for table in WHAT}
    for who, statement in WHO.items():
        found = rows(statement, id=target.election_id)
        looked += len(found)
        for what, transactions in choices.items():
            voters = {
                voter for first, last, voter in found if {first, last} & transactions and voter in target.by_voter
            }
            if voters:
                finding.votes |= {target.by_voter[voter].vote_id for voter in voters}
                finding.say("shared_transaction", who=who, what=what, count=len(voters))
    finding.say("looked_rows", count=looked, tables=len(WHO))
    return finding


def _written_by(target: Target, table: str) -> set[str]:
    found = rows(f"SELECT DISTINCT xmin::text FROM {table} WHERE election_id = :id", id=target.election_id)  # noqa: S608
    return {one for (one,) in found}
