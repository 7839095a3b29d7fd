"""The count of ranked ballots in rounds, made by the worker once an election is over and nothing is left to seal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from models import (
    Ballot,
    BoxBallot,
    Election,
    ElectionStatus,
    Method,
    RankedCount,
    RecordedChoice,
    SealBatch,
    Vote,
    db,
)
from services import audit_logger, counting
from services.actor import WORKER
from services.ballots.choices import choices_of
from services.counting import Contest, Count, Rule

Transaction = Callable[[], AbstractContextManager[Any]]


def count_due(transaction: Transaction) -> int:
    """Count the ranked elections that are over and not counted, each in a transaction; return how many.

    Run by the worker as the sealer, who may read the ballots.
    """
    over = Election.status.in_([ElectionStatus.CLOSED, ElectionStatus.ARCHIVED])
    left = (
        exists().where(BoxBallot.election_id == Election.id),
        exists().where(SealBatch.election_id == Election.id, SealBatch.sealed_at.is_(None)),
        exists().where(RankedCount.election_id == Election.id),
    )
    due = select(Election.id).where(Election.method == Method.RANKED, over, *(~one for one in left))
    with transaction():
        waiting = list(db.session.scalars(due.order_by(Election.id)))
    for election_id in waiting:
        with transaction():
            _keep(db.session.get_one(Election, election_id))
    return len(waiting)


def count_ballots(election: Election) -> Count:
    """Count the ballots of a ranked election by the rule that its number of seats has; stores nothing."""
    return counting.count(Rule.for_seats(election.seats), contest_of(election))


def contest_of(election: Election) -> Contest:
    """Return what is counted: every ranking and how many ballots say it; NOTA is a ballot without a preference."""
    candidates = tuple(int(choice["id"]) for choice in choices_of(election))
    rankings = _sealed(election) if election.is_secret else _recorded(election)
    lots = tuple(lot for lot in election.lot_order or candidates if lot in candidates)
    return Contest(candidates, election.seats, rankings, lots)


def _keep(election: Election) -> None:
    made = count_ballots(election)
    db.session.add(RankedCount(election_id=election.id, content=made.as_dict()))
    db.session.flush()
    audit_logger.record("worker:ballots:counted", WORKER, election_id=election.id, count=made.valid + made.invalid)


def _sealed(election: Election) -> dict[tuple[int, ...], int]:
    ranking = Ballot.payload["candidates"]
    rows = db.session.execute(select(ranking, func.count()).where(Ballot.election_id == election.id).group_by(ranking))
    return {tuple(candidates): papers for candidates, papers in rows}


def _recorded(election: Election) -> dict[tuple[int, ...], int]:
    in_order = func.array_agg(aggregate_order_by(RecordedChoice.candidate_id, RecordedChoice.rank.asc()))
    each = (
        select(in_order.filter(RecordedChoice.candidate_id.is_not(None)).label("ranking"))
        .select_from(Vote)
        .outerjoin(RecordedChoice, RecordedChoice.vote_id == Vote.id)
        .where(Vote.election_id == election.id)
        .group_by(Vote.id)
        .subquery()
    )
    rows = db.session.execute(select(each.c.ranking, func.count()).group_by(each.c.ranking))
    return {tuple(candidates or ()): papers for candidates, papers in rows}
