"""Which elections there are, and how far their roll has voted."""

from __future__ import annotations

import uuid
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from models import Channel, Election, ElectionStatus, RollEntry, StaffUser, db
from services import membership
from services.actor import Actor
from services.errors import Conflict, NotFound, ValidationFailed
from services.remembered import Remembered

_SIZES: Remembered[int] = Remembered()


def get_election(election_id: int) -> Election:
    """Return an election; raises NotFound."""
    election = db.session.get(Election, election_id)
    if election is None:
        raise NotFound(_("There is no such election."))
    return election


def published_election(public_id: uuid.UUID) -> Election:
    """Return the election of this public id that was opened once; raises NotFound."""
    election = db.session.scalar(select(Election).where(Election.public_id == public_id))
    if election is None or election.status is ElectionStatus.DRAFT:
        raise NotFound(_("There is no such election."))
    return election


def visible_elections(actor: Actor, status: ElectionStatus | None = None, search: str = "") -> list[Election]:
    """Return the elections on whose list this member of staff is, the newest first.

    On wish those of one status, and those whose title or description has all the words of `search`.
    """
    query = select(Election).where(membership.seen_by(actor)).order_by(Election.id.desc())
    if status is not None:
        query = query.where(Election.status == status)
    for word in search.split():
        texts = (Election.title, Election.description)
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in texts)))
    return list(db.session.scalars(query))


def current_booth_elections() -> list[Election]:
    """Return the active elections that have a booth, the oldest first."""
    return list(
        db.session.scalars(
            select(Election)
            .where(Election.status == ElectionStatus.ACTIVE, Election.channels.contains([Channel.BOOTH.value]))
            .order_by(Election.id)
        )
    )


def choose_booth_election(wanted: Any, user: StaffUser) -> Election:
    """Return the election a kiosk is opened for: the wanted one, or the only one this person is on the list of.

    Raises Conflict when there is none, NotFound for an election of others, ValidationFailed when one has to be chosen
    or the choice is not open.
    """
    everywhere = current_booth_elections()
    if not everywhere:
        raise Conflict(_("No election with a booth is open. An administrator opens it first."))
    open_now = [election for election in everywhere if membership.is_member(user, election.id)]
    if not open_now or any(str(wanted) == str(election.id) for election in everywhere if election not in open_now):
        raise NotFound(_("You are not on the list of this election. An administrator of the election adds you."))
    if wanted in (None, "") and len(open_now) == 1:
        return open_now[0]
    for election in open_now:
        if str(wanted) == str(election.id):
            return election
    raise ValidationFailed(fields={"election_id": _("Choose the election this booth is for.")})


def roll_counts(election: Election) -> tuple[int, int]:
    """Return (voters who voted, voters on the roll)."""
    voted, on_roll = db.session.execute(
        select(func.count().filter(RollEntry.has_voted), func.count()).where(RollEntry.election_id == election.id)
    ).one()
    return voted, on_roll


def roll_size(election: Election) -> int:
    """Return how many voters are on the roll, for pages: of a large roll as of some seconds ago."""
    query = select(func.count()).select_from(RollEntry).where(RollEntry.election_id == election.id)
    return _SIZES.get(election.public_id, lambda: db.session.scalar(query) or 0, lambda size: size)


def roll_counts_of(elections: list[Election]) -> dict[int, tuple[int, int]]:
    """Return (voters who voted, voters on the roll) of each election, in one query."""
    numbers = [election.id for election in elections]
    rows = db.session.execute(
        select(RollEntry.election_id, func.count().filter(RollEntry.has_voted), func.count())
        .where(RollEntry.election_id.in_(numbers))
        .group_by(RollEntry.election_id)
    )
    return dict.fromkeys(numbers, (0, 0)) | {number: (voted, on_roll) for number, voted, on_roll in rows}
