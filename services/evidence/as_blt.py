"""The ballots of a closed ranked election as BLT, the file that voting programs exchange."""

from __future__ import annotations

from sqlalchemy import select

from models import Ballot, Election, Method, db
from services import ballots
from services.counting import Blt, write_blt
from services.errors import NotFound
from services.evidence.building import pack_problem


def ballots_as_blt(election: Election) -> str:
    """Return a line for each ballot in the order of the evidence pack; none of the above is a line without a name.

    Candidates have the numbers of their places on the signed ballot. Ties that only a lot can break follow the lot
    order of the definition, which BLT cannot carry. The caller's database role must be able to read ballots. Raises
    NotFound for elections that are not ranked, recorded, or not counted yet.
    """
    if election.method is not Method.RANKED or pack_problem(election) is not None:
        raise NotFound()
    choices = ballots.choices_of(election)
    place = {int(choice["id"]): number for number, choice in enumerate(choices, start=1)}
    chosen = select(Ballot.payload["candidates"]).where(Ballot.election_id == election.id).order_by(Ballot.seq)
    rankings = [(1, tuple(place[one] for one in ranking)) for ranking in db.session.scalars(chosen)]
    names = [str(choice["name"]) for choice in choices]
    return write_blt(Blt(election.seats, names, election.title, rankings))
