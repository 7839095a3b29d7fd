"""The elections of one voter: what is open, what is to come, what is over."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from models import Channel, Election, ElectionStatus, RollEntry, Vote, db
from services.clock import utc_now


class Stage(enum.StrEnum):
    """Where an election stands for this voter."""

    OPEN = "open"
    VOTED = "voted"
    COMING = "coming"
    OVER = "over"


@dataclass(frozen=True)
class OwnElection:
    """An election on whose roll the voter stands; `voted_at` (UTC) is when the vote was cast, never what."""

    election: Election
    stage: Stage
    voted_at: datetime | None

    @property
    def here(self) -> bool:
        """Tell whether the voter can vote in the account."""
        return Channel.ACCOUNT in self.election.channels

    @property
    def ways(self) -> tuple[str, ...]:
        """Return the channels of the election."""
        return tuple(self.election.channels)


def own_elections(voter_id: int) -> list[OwnElection]:
    """Return the voter's elections: those to vote in first, then those to come, then the newest of those over.

    Drafts show once they open by themselves at a time: until then nobody knows whether they take place.
    """
    now = utc_now()
    on_roll = (
        select(Election, Vote.cast_at)
        .join(RollEntry, RollEntry.election_id == Election.id)
        .outerjoin(Vote, (Vote.election_id == Election.id) & (Vote.voter_id == RollEntry.voter_id))
        .where(RollEntry.voter_id == voter_id, Election.status != ElectionStatus.ARCHIVED)
        .where((Election.status != ElectionStatus.DRAFT) | Election.opens_by_itself)
    )
    found = [OwnElection(election, _stage(election, cast_at, now), cast_at) for election, cast_at in
             db.session.execute(on_roll)]  # fmt: skip
    return sorted(found, key=_place)


def _place(one: OwnElection) -> tuple[int, float]:
    closes = one.election.closes_at.timestamp()
    return list(Stage).index(one.stage), -closes if one.stage is Stage.OVER else closes


def _stage(election: Election, cast_at: datetime | None, now: datetime) -> Stage:
    if election.status is ElectionStatus.DRAFT:
        return Stage.COMING
    if election.status is not ElectionStatus.ACTIVE or now >= election.closes_at:
        return Stage.OVER
    if cast_at is not None:
        return Stage.VOTED
    return Stage.OPEN if election.opens_at <= now else Stage.COMING
