"""The demo of `make run` with a day's life in it: votes, alerts, mails, a closed, a draft and a larger election."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta

import time_machine
from flask import Flask
from sqlalchemy import select

from models import BallotPass, Candidate, Election, Kiosk, Voter, db
from services import elections, identification
from services.actor import SYSTEM
from services.ballots import Choice
from services.clock import utc_now
from services.jobs import run_worker
from services.seed import COUNCIL, ROLL_CALL, seed
from tests import factories
from tests.services.identification import acting
from tests.support import voting

NAMES = (
    "Solveig Eriksen", "Tomas Okafor", "Mirela Popescu", "Hannah Bergström", "Yusuf Demirtas", "Clara Moreau",
    "Ivo Marković", "Priya Raman", "Edith Lund", "Paolo Ferri", "Nkechi Adeyemi", "Lars Holm",
)  # fmt: skip
MANY = 14

_names = itertools.cycle(NAMES)


class Kept:
    """An election of the demo by its number: a state that plays the worker leaves the session and all it held."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = f"_{name}"

    def __get__(self, demo: Demo | None, owner: type) -> Election:
        if demo is None:
            raise AttributeError(self._name)  # no default
        return db.session.get_one(Election, demo.__dict__[self._name])

    def __set__(self, demo: Demo, election: Election) -> None:
        demo.__dict__[self._name] = election.id


@dataclass
class Demo:
    """Elections by state: secret and recorded are open; `large` has three seats and a long list; `early` opens later,
    `closing` and `last` are open until a state closes them."""

    secret: Election = Kept()  # type: ignore[assignment]
    recorded: Election = Kept()  # type: ignore[assignment]
    large: Election = Kept()  # type: ignore[assignment]
    early: Election = Kept()  # type: ignore[assignment]
    closed: Election = Kept()  # type: ignore[assignment]
    draft: Election = Kept()  # type: ignore[assignment]
    closing: Election = Kept()  # type: ignore[assignment]
    last: Election = Kept()  # type: ignore[assignment]

    def close(self, election: Election) -> None:
        """Close an election as the commission does; commits."""
        elections.close_election(election, SYSTEM)
        db.session.commit()


def fill(app: Flask) -> Demo:
    """Seed the demo and play a few hours of an election day; commits."""
    seed()
    db.session.commit()
    secret, recorded = (
        db.session.scalar(select(Election).where(Election.title == name)) for name in (COUNCIL, ROLL_CALL)
    )
    assert secret is not None
    assert recorded is not None
    demo = Demo(
        secret,
        recorded,
        factories.make_open_election(candidates=MANY, title="Harbour Trust: three trustees", max_choices=3),
        factories.make_open_election(title="Riverside School Board", opens_at=utc_now() + timedelta(days=3),
                                     closes_at=utc_now() + timedelta(days=4)),
        _closed(),
        factories.ElectionFactory(title="Spring budget: yes or no"),
        factories.make_open_election(title="Library Friends: chair"),
        factories.make_open_election(title="Rowing Club: captain"),
    )  # fmt: skip
    _vote(secret, (0, 1, 1, None))
    _vote(recorded, (0, 1, 1, 2, None))
    _alert(secret)
    run_worker(app, once=True)
    return demo


def new_voter(election: Election, person: int | None = None) -> Voter:
    """Put a new voter on the roll of an open election; `person` is the painted face that is enrolled."""
    voter = factories.VoterFactory(name=next(_names))
    factories.RollEntryFactory(election=election, voter=voter)
    if person is not None:
        acting.enrol(voter, person)
    db.session.commit()
    return voter


def open_ballot(kiosk: Kiosk, seconds: float = 180.0) -> Voter:
    """Let a new voter be recognised at the kiosk; the ballot stays open for `seconds`."""
    voter = new_voter(kiosk.election)
    expires = utc_now() + timedelta(seconds=seconds)
    voting.make_pass(kiosk.election, voter, kiosk, expires_at=expires)
    return voter


def newest_pass(voter: Voter) -> BallotPass:
    db.session.rollback()
    found = db.session.scalars(
        select(BallotPass).where(BallotPass.voter_id == voter.id).order_by(BallotPass.id.desc())
    ).first()
    assert found is not None
    return found


def _closed() -> Election:
    election = factories.make_open_election(candidates=3, title="Allotment Society: treasurer")
    _vote(election, (0, 0, 1, None))
    elections.close_election(election, SYSTEM)
    db.session.commit()
    return election


def _vote(election: Election, picks: tuple[int | None, ...]) -> None:
    candidates = db.session.scalars(
        select(Candidate).where(Candidate.election_id == election.id).order_by(Candidate.display_order)
    ).all()
    for pick in picks:
        choice = Choice(nota=True) if pick is None else Choice((candidates[pick].id,))
        voting.cast_by(new_voter(election), election, choice)


def _alert(election: Election) -> None:
    """A stranger stood at a booth: an alert on the desk, and two mails with the photo."""
    kiosk, voter = voting.make_kiosk(election), new_voter(election, person=7)
    with time_machine.travel(utc_now(), tick=False) as clock:
        begun = identification.start(kiosk, voter.voter_id, SYSTEM)
        db.session.commit()
        assert begun.challenge is not None
        number, steps = begun.challenge.ticket, begun.challenge.steps
        acting.perform(
            lambda done, frames, seq: identification.submit_frames(kiosk, number, done, frames, SYSTEM, seq),
            clock.shift, steps, person=9,
        )  # fmt: skip
    db.session.commit()
