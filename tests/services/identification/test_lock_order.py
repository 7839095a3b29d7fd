"""Two kiosks with the same voters at the same moment: they wait for each other in turn, never in a circle."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from models import AuthEvent, AuthResult, BallotPass, Kiosk, Voter, db, transaction
from services import identification, kiosks
from services.actor import SYSTEM
from services.identification import challenges, failures, passes
from tests import factories
from tests.services.identification import acting
from tests.support.voting import KIOSK, make_kiosk, make_pass, voters_of

pytestmark = [pytest.mark.commits, pytest.mark.slow]
GIVE_UP, PATIENCE = 2.0, 120.0
"""Seconds that the first waits for the second to take its first lock; in the right order it never takes one."""


def identified(kiosk, voter):
    """Return the event of a successful check."""
    event = AuthEvent(
        election_id=kiosk.election_id, kiosk_id=kiosk.id, voter_id=voter.id, voter_id_input=voter.voter_id,
        result=AuthResult.SUCCESS, reason="identified",
    )  # fmt: skip
    db.session.add(event)
    db.session.flush()
    return event


def test_a_voter_recognised_here_and_typed_there_deadlocks_nobody(committing_app, monkeypatch):
    """The ballot of a voter waits at kiosk 2, where the number is typed again, while kiosk 1 recognises the voter."""
    election = factories.make_open_election()
    (voter,) = voters_of(election)
    acting.enrol(voter)
    here, there = make_kiosk(election).id, make_kiosk(election).id
    make_pass(election, voter, db.session.get(Kiosk, there))
    voter_id, number = voter.id, voter.voter_id
    locked, touched, end_open = threading.Event(), threading.Event(), passes.end_open

    def ends(kiosk, actor):
        ended = end_open(kiosk, actor)
        touched.set()
        return ended

    monkeypatch.setattr(challenges.passes, "end_open", ends)

    def recognise():
        with committing_app.app_context(), transaction():
            kiosk, person = db.session.get(Kiosk, here), db.session.get(Voter, voter_id)
            failures.lock_voter(voter_id)
            locked.set()
            touched.wait(GIVE_UP)
            passes.give_pass(kiosk, person, identified(kiosk, person))

    def type_number():
        locked.wait(PATIENCE)
        with committing_app.app_context(), transaction():
            return identification.start(db.session.get(Kiosk, there), number, KIOSK).lookup.reason.value

    with ThreadPoolExecutor(2) as pool:
        both = pool.submit(recognise), pool.submit(type_number)
        assert [one.result(timeout=PATIENCE) for one in both] == [None, "eligible"]
    db.session.rollback()
    open_now = db.session.query(BallotPass).filter_by(voter_id=voter_id, ended_at=None).all()
    assert [one.kiosk_id for one in open_now] == [here]


def test_all_voters_of_a_booth_are_locked_at_once_and_before_their_ballots(committing_app, monkeypatch):
    """Each kiosk holds the open ballot of the voter whose number is typed at the other one."""
    election = factories.make_open_election(voters=2)
    (one, other), (here, there) = voters_of(election), (make_kiosk(election), make_kiosk(election))
    make_pass(election, one, here)
    make_pass(election, other, there)
    taken: list[object] = []
    lock, end_open = failures.lock_voters, passes.end_open
    monkeypatch.setattr(failures, "lock_voters", lambda ids: (taken.append(set(ids)), lock(taken[-1])))
    monkeypatch.setattr(challenges.passes, "end_open", lambda *of: (taken.append("ballots"), end_open(*of)))

    for kiosk, typed in ((here, other), (there, one)):
        taken.clear()
        identification.start(kiosk, typed.voter_id, KIOSK)
        assert taken[:2] == [{one.id, other.id}, "ballots"]
    db.session.rollback()


def test_voters_are_locked_in_one_order(committing_app, monkeypatch):
    asked: list[int] = []
    monkeypatch.setattr(db.session, "execute", lambda query: asked.extend(query.compile().params.values()))
    failures.lock_voters({41, 7, 19})
    assert [number for number in asked if number != failures.VOTER_LOCK] == [7, 19, 41]


def test_two_kiosks_opened_in_the_same_instant_have_two_names(committing_app):
    election = factories.make_open_election()
    election_id, officer_id = election.id, factories.StaffUserFactory().id
    together = threading.Barrier(4)

    def opens(_number):
        from models import Election, StaffUser

        with committing_app.app_context(), transaction():
            election, officer = db.session.get(Election, election_id), db.session.get(StaffUser, officer_id)
            together.wait(timeout=120)
            return kiosks.open_kiosk(election, officer, SYSTEM)[0].name

    with ThreadPoolExecutor(4) as pool:
        names = sorted(pool.map(opens, range(4)))
    assert names == ["Booth 1", "Booth 2", "Booth 3", "Booth 4"]
