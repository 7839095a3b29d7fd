"""What the size and the agreement of sealed batches give away, and the differences between published counts."""

from __future__ import annotations

from collections import Counter, defaultdict

from services.secrecy_audit.findings import Finding
from services.secrecy_audit.target import Target, rows


def small_and_unanimous_batches(target: Target) -> Finding:
    """Group ballots by the transaction that sealed them: the members of a batch are known from dead rows and WAL.

    A batch whose ballots agree tells the choice of each member; so does a batch of one. Counts are published batch by
    batch, so the difference of two counts is a batch and nothing finer.
    """
    finding, batches = Finding("batches"), _batches(target)
    for choices in batches:
        size = choices.total()
        if len(batches) == 1 or size == 0:
            continue
        if size < target.smallest_batch:
            finding.unnamed += size
            finding.say("small_batch", count=size, least=target.smallest_batch)
        elif len(choices) == 1:
            finding.unnamed += size
            finding.say("unanimous_batch", count=size)
    sealed = rows(
        "SELECT count(*) FROM seal_batches WHERE election_id = :id AND sealed_at IS NOT NULL", id=target.election_id
    )[0][0]
    if len(batches) > sealed:
        finding.exposed = True
        finding.say("past_sealing", count=len(batches), sealed=sealed)
    finding.say("looked_batches", count=len(batches), ballots=sum(one.total() for one in batches))
    return finding


def is_unanimous(target: Target) -> bool:
    """Tell whether all sealed ballots agree: then the result itself tells every choice, whatever is stored how."""
    batches = _batches(target)
    return bool(batches) and len(set().union(*batches)) == 1


def _batches(target: Target) -> list[Counter[str]]:
    found = rows(
        "SELECT xmin::text, payload::text, count(*) FROM ballots WHERE election_id = :id GROUP BY 1, 2",
        id=target.election_id,
    )
    batches: dict[str, Counter[str]] = defaultdict(Counter)
    for transaction, payload, count in found:
        batches[transaction][payload] += count
    return list(batches.values())
