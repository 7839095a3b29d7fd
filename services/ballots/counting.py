"""Counts as the election's mode allows them: sealed ballots, or the recorded votes themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select, text

from models import Election, Method, RankedCount, RecordedChoice, Tally, Vote, db
from services.ballots.choices import NOTA
from services.clock import utc_now
from services.counting import Count


@dataclass(frozen=True)
class Counts:
    """Votes by candidate id, and how the box balances; `total` is the number of counted ballots.

    Of ranked ballots `per_candidate` are the first preferences, `ranked` the rounds once they are counted.
    """

    per_candidate: dict[int, int]
    nota: int
    total: int
    votes: int
    sealed: int
    box: int
    spoiled: int
    counted_at: datetime | None
    ranked: Count | None = None


def counts(election: Election) -> Counts:
    """Count what may be counted now; of a secret election that is the sealed ballots, never the box."""
    found = _secret(election) if election.is_secret else _recorded(election)
    if election.method is not Method.RANKED or (made := db.session.get(RankedCount, election.id)) is None:
        return found
    return replace(found, ranked=Count.from_dict(made.content))


def _secret(election: Election) -> Counts:
    rows = list(db.session.scalars(select(Tally).where(Tally.election_id == election.id)))
    votes, box, sealed, spoiled = db.session.execute(
        text("SELECT votes, box, ballots, spoiled FROM ballot_counts(:election)"), {"election": election.id}
    ).one()
    return Counts(
        per_candidate={int(row.choice): row.count for row in rows if row.choice != NOTA},
        nota=next((row.count for row in rows if row.choice == NOTA), 0),
        total=sealed,
        votes=votes,
        sealed=sealed,
        box=box,
        spoiled=spoiled,
        counted_at=max((row.updated_at for row in rows), default=None),
    )


def _recorded(election: Election) -> Counts:
    of_election = Vote.election_id == election.id
    total, nota = db.session.execute(
        select(func.count(), func.count().filter(Vote.nota)).select_from(Vote).where(of_election)
    ).one()
    if election.method is Method.PLURALITY:
        grouped = select(Vote.candidate_id, func.count()).where(of_election, ~Vote.nota).group_by(Vote.candidate_id)
    else:
        grouped = (
            select(RecordedChoice.candidate_id, func.count())
            .join(Vote, Vote.id == RecordedChoice.vote_id)
            .where(of_election)
            .group_by(RecordedChoice.candidate_id)
        )
        if election.method is Method.RANKED:
            grouped = grouped.where(RecordedChoice.rank == 1)
    per_candidate = {candidate: count for candidate, count in db.session.execute(grouped) if candidate is not None}
    return Counts(per_candidate, nota, total, total, 0, 0, 0, utc_now())
