"""A suspension and a cast of one voter in the same instant: one is first, never both, and nobody waits in a circle."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text

from models import BallotPass, Vote, Voter, VoterStatus, db, transaction
from services import ballots, elections
from services.actor import SYSTEM
from services.ballots import Choice
from services.voters import set_suspended
from tests.factories import make_open_election
from tests.support.voting import KIOSK, make_kiosk, make_pass, new_key, voters_of

pytestmark = pytest.mark.commits

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
ROUNDS = 12


@pytest.fixture
def election(committing_app):
    return make_open_election(voters=2)


def wait_for_a_waiter():
    """Return when a session waits for the lock of a voter."""
    end = time.monotonic() + 120
    while not db.session.scalar(text(WAITING)):
        if time.monotonic() > end:
            db.session.rollback()  # or who waits for something else waits for ever, and the test with it
            raise AssertionError("nobody waits")
        time.sleep(0.01)


def suspend(app, voter_id, suspended=True):
    with app.app_context(), transaction():
        set_suspended(voter_id, suspended, "Left the union", SYSTEM)


def cast(app, pass_id):
    with app.app_context(), transaction():
        return ballots.cast_with_pass(db.session.get_one(BallotPass, pass_id), Choice(nota=True), new_key(), KIOSK).kind


def test_a_cast_waits_for_a_suspension_under_way_and_is_refused(committing_app, election):
    voter = voters_of(election)[0]
    pass_id = make_pass(election, voter).id
    with ThreadPoolExecutor(1) as pool:
        set_suspended(voter.id, True, "Left the union", SYSTEM)
        waiting = pool.submit(cast, committing_app, pass_id)
        wait_for_a_waiter()
        db.session.commit()
        assert waiting.result(timeout=120) == "suspended"
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 0


def test_a_suspension_waits_for_a_cast_under_way_and_comes_after_it(committing_app, election):
    voter = voters_of(election)[0]
    number, ballot_pass = voter.id, make_pass(election, voter)
    with ThreadPoolExecutor(1) as pool:
        assert ballots.cast_with_pass(ballot_pass, Choice(nota=True), new_key(), KIOSK).kind == "cast"
        waiting = pool.submit(suspend, committing_app, number)
        wait_for_a_waiter()
        assert db.session.scalar(select(Voter.status).where(Voter.id == number)) is VoterStatus.VERIFIED
        db.session.commit()
        waiting.result(timeout=120)
    db.session.expire_all()
    assert db.session.get_one(Voter, number).status is VoterStatus.SUSPENDED
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 1


def test_casts_suspensions_and_the_closing_of_one_moment_deadlock_nobody(committing_app, election):
    kiosk, (one, other) = make_kiosk(election), voters_of(election)
    passes = [make_pass(election, voter, kiosk).id for voter in (one, other) for _ in range(ROUNDS)]
    number, people = election.id, [one.id, other.id]
    db.session.commit()
    together = threading.Barrier(4)

    def suspend_both(order):
        together.wait(timeout=120)
        for _ in range(ROUNDS):
            for suspended in (True, False):
                with committing_app.app_context(), transaction():
                    for person in order:
                        if (db.session.get_one(Voter, person).status is VoterStatus.SUSPENDED) is not suspended:
                            set_suspended(person, suspended, "In turn", SYSTEM)

    def cast_all(mine):
        together.wait(timeout=120)
        return [cast(committing_app, one) for one in mine]

    def close():
        together.wait(timeout=120)
        with committing_app.app_context(), transaction():
            elections.close_election(elections.get_election(number), SYSTEM)

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(suspend_both, people), pool.submit(close)]
        kinds = [pool.submit(cast_all, passes[::2]), pool.submit(cast_all, passes[1::2])]
        for one in done:
            one.result(timeout=240)
        counted = Counter(kind for one in kinds for kind in one.result(timeout=240))
    assert set(counted) <= {"cast", "already_voted", "suspended", "closed"}
    assert counted["cast"] == db.session.scalar(select(func.count()).select_from(Vote)) <= 2
