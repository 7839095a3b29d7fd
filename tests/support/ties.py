"""Elections that end in a tie."""

from __future__ import annotations

from models import Election, db
from services import elections
from services.actor import SYSTEM
from services.ballots import Choice
from tests.factories import CandidateFactory, ElectionFactory, RollEntryFactory
from tests.support.voting import cast_by, seal_all, voters_of

NAMES = ("Amina Solberg", "Rosa Demir", "Viktor Hale")


def tied_election(**values: object) -> tuple[Election, list[int]]:
    """Return a closed and counted election in which the first two of three have one vote each, and all ids; commits."""
    election = ElectionFactory(**values)
    for name in NAMES:
        CandidateFactory(election=election, name=name)
    for _ in range(2):
        RollEntryFactory(election=election)
    db.session.refresh(election)
    ids, number = [candidate.id for candidate in election.candidates], election.id
    elections.open_election(election, SYSTEM)
    db.session.commit()
    for voter, candidate in zip(voters_of(election), ids, strict=False):
        cast_by(voter, election, Choice((candidate,)))
    elections.close_election(election, SYSTEM)
    db.session.commit()
    if election.is_secret:
        seal_all()
    return db.session.get_one(Election, number), ids
