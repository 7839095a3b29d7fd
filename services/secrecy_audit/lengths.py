"""Lengths that tell one choice from another."""

from __future__ import annotations

from services.secrecy_audit.findings import Finding
from services.secrecy_audit.target import Target, rows


def lengths(target: Target) -> Finding:
    """Compare lengths of ciphertexts, whose rows share a transaction with a vote, and of stored confirmations."""
    finding, looked = Finding("lengths"), 0
    for table in ("ballot_box", "spoiled_ballots"):
        found = rows(
            f"SELECT octet_length(sealed_payload), array_agg(xmin::text) FROM {table} WHERE election_id = :id GROUP BY 1",  # noqa: S608, E501
            id=target.election_id,
        )
        looked += sum(len(transactions) for _length, transactions in found)
        if len(found) > 1:
            votes = target.of_transactions(one for _length, transactions in found for one in transactions)
            finding.votes |= votes
            finding.unnamed = max(finding.unnamed, sum(len(transactions) for _length, transactions in found))
            finding.say("ciphertext_lengths", table=table, lengths=len(found))
    mails = rows(
        "SELECT octet_length(m.body), count(*) FROM email_messages m JOIN votes v"
        " ON m.dedupe_key = 'vote_confirmation:' || v.audit_ref"
        " WHERE v.election_id = :id AND m.body IS NOT NULL GROUP BY 1",
        id=target.election_id,
    )
    looked += sum(count for _length, count in mails)
    if len(mails) > 1:
        finding.exposed = True
        finding.say("mail_lengths", lengths=len(mails))
    finding.say("looked_lengths", count=looked)
    return finding
