"""Choices and receipts in rows that name a voter, and ciphertexts that are none."""

from __future__ import annotations

import json
import zlib
from typing import Any

from services.secrecy_audit.findings import Finding
from services.secrecy_audit.target import Target, Voted, rows
from services.secrecy_audit.traces import Traces

PUBLIC = {
    "ballots", "ballot_receipts", "tallies", "ranked_counts", "tie_resolutions", "candidates", "parties", "elections",
    "recorded_choices", "secrecy_audits", "alembic_version", "ballot_box", "spoiled_ballots", "seal_batch_members",
}  # fmt: skip
"""Tables that may hold choices, and name no voter; what else stands in them is the business of other attacks."""
COMPRESSED = 0.9
"""A ciphertext is as good as random: deflate makes it longer. What shrinks below this is readable."""


def rows_with_choices(target: Target) -> Finding:
    """Search every table for rows that hold a choice or a receipt and lead to a voter.

    A row leads to a voter by what it names, or by the transaction that it shares with a vote: audit rows, mails, a
    store of requests, a table that nobody told this program about.
    """
    finding, traces, looked = Finding("contents"), Traces(target), 0
    for table in _tables():
        scope = "AND (t.election_id = :id OR t.election_id IS NULL)" if _has_election(table) else "AND :id > 0"
        found = rows(
            f"""SELECT t.xmin::text, (to_jsonb(t) - 'search')::text FROM "{table}" t
                WHERE (to_jsonb(t) - 'search')::text ~* :traces {scope}""",  # noqa: S608
            traces=traces.sql,
            id=target.election_id,
        )
        looked += 1
        votes = {vote.vote_id for transaction, words in found for vote in _whose(target, traces, transaction, words)}
        if votes:
            finding.votes |= votes
            finding.say("rows_with_choices", table=table, count=len(votes))
    finding.say("looked_tables", count=looked)
    return finding


def readable_box(target: Target) -> Finding:
    """Ask whether ciphertexts are readable, or alike where the choices are alike; their rows lead to the votes."""
    finding, traces, looked = Finding("box"), Traces(target), 0
    for table in ("ballot_box", "spoiled_ballots"):
        found = rows(
            f"SELECT xmin::text, sealed_payload FROM {table} WHERE election_id = :id",  # noqa: S608
            id=target.election_id,
        )
        looked += len(found)
        readable = [transaction for transaction, content in found if is_readable(bytes(content), traces)]
        if readable:
            finding.votes |= target.of_transactions(readable)
            finding.unnamed += len(readable)
            finding.say("readable", table=table, count=len(readable))
        if table == "ballot_box" and (alike := len(found) - len({bytes(content) for _transaction, content in found})):
            finding.exposed = True
            finding.say("alike", table=table, count=alike)
    finding.say("looked_ciphertexts", count=looked)
    return finding


def is_readable(content: bytes, traces: Traces) -> bool:
    """Tell whether bytes that should be a ciphertext are text or otherwise far from random."""
    if len(zlib.compress(content, 6)) < COMPRESSED * len(content):
        return True
    return traces.holds(content.decode("utf-8", errors="replace"))


def _tables() -> list[str]:
    found = rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return [table for (table,) in found if table not in PUBLIC]


def _has_election(table: str) -> bool:
    return bool(rows(
        "SELECT 1 FROM information_schema.columns WHERE table_schema = 'public' AND table_name = :table"
        " AND column_name = 'election_id'", table=table,
    ))  # fmt: skip


def _whose(target: Target, traces: Traces, transaction: str, words: str) -> list[Voted]:
    """Return the voters of a row, if it still holds a choice without what is the voter's own."""
    content: dict[str, Any] = json.loads(words)
    voters = {vote.vote_id: vote for vote in target.voters_in(words)}
    if (vote := target.by_voter.get(content.get("voter_id") or -1)) is not None:
        voters[vote.vote_id] = vote
    if len(cast_together := target.by_transaction.get(transaction, [])) == 1:
        voters[cast_together[0].vote_id] = cast_together[0]
    return [vote for vote in voters.values() if traces.holds(words, vote)]
