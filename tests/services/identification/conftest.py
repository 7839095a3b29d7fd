"""A kiosk, a voter who is enrolled, and a clock that the test turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import time_machine

from models import Election, Kiosk, StaffRole, Voter, db
from services import identification, kiosks
from services.actor import SYSTEM, Actor
from services.clock import utc_now
from services.identification import Start
from tests import factories
from tests.services.identification import acting


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(utc_now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def actor() -> Actor:
    return Actor("kiosk", 1, "Booth 1", "192.0.2.7", "Test browser")


@pytest.fixture
def make_kiosk(open_election: Election) -> Callable[[], Kiosk]:
    def make(election: Election = open_election) -> Kiosk:
        kiosk, _token = kiosks.open_kiosk(election, factories.StaffUserFactory(role=StaffRole.OFFICER), SYSTEM)
        db.session.commit()
        return kiosk

    return make


@pytest.fixture
def kiosk(make_kiosk: Callable[[], Kiosk]) -> Kiosk:
    return make_kiosk()


@pytest.fixture
def voter(open_election: Election) -> Voter:
    """The voter on the roll, enrolled as person 7."""
    voter = acting.only_voter(open_election)
    acting.enrol(voter)
    return voter


@pytest.fixture
def started(kiosk: Kiosk, voter: Voter, actor: Actor, clock: time_machine.Coordinates) -> Start:
    """The voter has typed the voter ID and has a challenge."""
    return identification.start(kiosk, voter.voter_id, actor)


@pytest.fixture
def play(kiosk: Kiosk, actor: Actor, clock: time_machine.Coordinates) -> Callable[..., object]:
    """Act a challenge out as a person, with the right steps or others; return the final outcome."""

    def act(start: Start, person: int = 7, steps: list[str] | None = None) -> object:
        assert start.challenge is not None
        challenge_id = start.challenge.ticket
        return acting.perform(
            lambda done, frames, seq: identification.submit_frames(kiosk, challenge_id, done, frames, actor, seq),
            clock.shift,
            start.challenge.steps if steps is None else steps,
            person,
        )

    return act
