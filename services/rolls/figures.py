"""How many stand on a roll, and how many of them voted or may not vote."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, func, select

from models import Election, RollEntry, Voter, VoterStatus, db


@dataclass(frozen=True)
class RollFigures:
    """Numbers of voters."""

    on_roll: int
    voted: int
    suspended: int


def roll_figures(election: Election) -> RollFigures:
    """Return the figures of an election's roll."""
    on_roll, voted = db.session.execute(
        select(func.count(), func.count().filter(RollEntry.has_voted)).where(RollEntry.election_id == election.id)
    ).one()
    entry = exists().where(RollEntry.voter_id == Voter.id, RollEntry.election_id == election.id)
    suspended = db.session.scalar(select(func.count()).where(Voter.status == VoterStatus.SUSPENDED, entry))
    return RollFigures(on_roll, voted, suspended or 0)
