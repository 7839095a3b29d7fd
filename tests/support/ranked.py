"""A ranked election with the names, parties and pictures of the demo's council."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from models import Candidate, Election, Method, db
from services import elections, ties
from services.actor import SYSTEM
from services.ballots import Choice
from tests import factories
from tests.support import voting


def make_ranked(like: Election, seats: int = 1, **values: Any) -> Election:
    """Open a ranked election over the candidates of another one; commits."""
    made = factories.ElectionFactory(method=Method.RANKED, seats=seats, **values)
    for one in candidates_of(like):
        factories.CandidateFactory(
            election=made, party=one.party, name=one.name, display_order=one.display_order,
            description=one.description, image_path=one.image_path,
        )  # fmt: skip
    factories.RollEntryFactory(election=made)
    db.session.refresh(made)
    ties.set_lot_order(made, [*(one.id for one in candidates_of(made)), 0], SYSTEM)
    elections.open_election(made, SYSTEM)
    db.session.commit()
    return made


def candidates_of(election: Election) -> Sequence[Candidate]:
    """Return the candidates in ballot order."""
    of_election = select(Candidate).where(Candidate.election_id == election.id)
    return db.session.scalars(of_election.order_by(Candidate.display_order, Candidate.id)).all()


def rank(election: Election, *places: int) -> None:
    """Let a new voter rank the candidates by their place in ballot order, from 0; nobody for none of the above."""
    entry = factories.RollEntryFactory(election=election)
    names = candidates_of(election)
    choice = Choice(tuple(names[place].id for place in places), nota=not places)
    voting.cast_by(entry.voter, election, choice)
