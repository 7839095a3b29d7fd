"""The sealed ballots of one election: hashes computed anew in Python, places without a gap, counts made anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from models import Ballot, BallotReceipt, Election, Method, RankedCount, Tally, db
from services import ballots, hashing
from services.ballots import signed_seals
from services.ballots.choices import NOTA
from services.verification.findings import many

FETCHED_AT_ONCE = 2000
MOST_SENTENCES = 5
"""So many changed ballots are named one by one; a rewritten chain would name them all."""


@dataclass
class _Walk:
    """Where the walk along the chain is, and what it counted."""

    place: int = 0
    head: bytes = b""
    heads: dict[int, bytes] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def chain_problems(election: Election) -> tuple[int, list[str]]:
    """Return how many ballots were read, and a sentence for each fault of chain, sealings, receipts and tally.

    Memory does not grow with the ballots. Needs a role that may read `ballots`.
    """
    if not election.is_secret or election.definition_hash is None:
        return 0, []
    sealings = signed_seals.signed_seals_of(election)
    walk = _walk(election, {batch.last_seq for batch in sealings if batch.last_seq})
    problems = walk.problems[:MOST_SENTENCES]
    if (more := len(walk.problems) - MOST_SENTENCES) > 0:
        problems.append(f"{many(more, 'more ballot does', 'more ballots do')} not fit.")
    problems += [*_sealing_problems(election, sealings, walk), *_receipt_problems(election, walk.place)]
    problems += _tally_problems(election, walk.counts)
    return walk.place, [*problems, *_round_problems(election)]


def _walk(election: Election, ends: set[int]) -> _Walk:
    walk = _Walk(head=bytes(election.definition_hash or b""))
    public_id, known = str(election.public_id), {choice["id"] for choice in ballots.choices_of(election)}
    statement = (
        select(Ballot.seq, Ballot.payload, Ballot.previous_hash, Ballot.ballot_hash)
        .where(Ballot.election_id == election.id)
        .order_by(Ballot.seq)
        .execution_options(yield_per=FETCHED_AT_ONCE)
    )
    for row in db.session.execute(statement):
        walk.problems += _ballot_problems(row, walk, public_id)
        chosen = _chosen(row.payload)
        if not chosen <= {str(number) for number in known} | {NOTA}:
            walk.problems.append(f"Ballot {row.seq} names somebody who is not on the ballot.")
        walk.counts.update(_tallied(election, row.payload))
        walk.place, walk.head = row.seq, bytes(row.ballot_hash)
        if row.seq in ends:
            walk.heads[row.seq] = walk.head
    return walk


def _ballot_problems(row: Any, walk: _Walk, public_id: str) -> Iterator[str]:
    if row.seq != walk.place + 1:
        yield f"Ballot {walk.place + 1} is missing."
    elif bytes(row.previous_hash) != walk.head:
        yield f"Ballot {row.seq} does not follow from the one before."
    if hashing.ballot_hash(public_id, row.seq, bytes(row.previous_hash), row.payload) != bytes(row.ballot_hash):
        yield f"Ballot {row.seq} was changed."


def _chosen(payload: dict[str, Any]) -> set[str]:
    return {NOTA} if payload.get("nota") else {str(number) for number in payload.get("candidates", [])}


def _tallied(election: Election, payload: dict[str, Any]) -> set[str]:
    """Return what a ballot adds to the tally: every name it marks, of ranked names the first."""
    if election.method is not Method.RANKED or payload.get("nota"):
        return _chosen(payload)
    return {str(number) for number in payload.get("candidates", [])[:1]}


def _sealing_problems(election: Election, sealings: list[Any], walk: _Walk) -> Iterator[str]:
    if (problem := signed_seals.problem_of(election, sealings)) is not None:
        yield problem
        return
    for batch in sealings:
        if batch.last_seq and walk.heads.get(batch.last_seq) != batch.head:
            yield f"Ballot {batch.last_seq} is not the one that its sealing signed."
    last = max((batch.last_seq or 0 for batch in sealings), default=0)
    if walk.place > last:
        yield f"{_places(last + 1, walk.place)} came into the chain without a sealing."
    if walk.place < last:
        missing = "was sealed and is missing" if last == walk.place + 1 else "were sealed and are missing"
        yield f"{_places(walk.place + 1, last)} {missing}."


def _places(first: int, last: int) -> str:
    return f"Ballot {first}" if first == last else f"Ballots {first} to {last}"


def _receipt_problems(election: Election, sealed: int) -> Iterator[str]:
    of_election = BallotReceipt.election_id == election.id
    listed = db.session.scalar(select(func.count()).select_from(BallotReceipt).where(of_election)) or 0
    if listed != sealed:
        yield f"{many(listed, 'receipt is', 'receipts are')} listed for {many(sealed, 'ballot', 'ballots')}."


def _tally_problems(election: Election, counted: Counter[str]) -> Iterator[str]:
    tallies = dict(db.session.execute(select(Tally.choice, Tally.count).where(Tally.election_id == election.id)).all())
    for choice in sorted(counted.keys() | tallies.keys()):
        if counted[choice] != tallies.get(choice, 0):
            name = "None of the above" if choice == NOTA else f"Candidate {choice}"
            number = many(counted[choice], "ballot", "ballots")
            yield f"{name} has {number}, the kept count says {tallies.get(choice, 0)}."


def _round_problems(election: Election) -> Iterator[str]:
    """Count ranked ballots again and compare every round with the one that was kept."""
    kept = db.session.get(RankedCount, election.id)
    if kept is not None and kept.content != ballots.count_ballots(election).as_dict():
        yield "The rounds of the count are not those of its ballots."
