"""Elections open and close by themselves, also when the worker was away at that moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from models import AuditLog, BallotPass, Candidate, ElectionStatus, EmailMessage, db, transaction, use_role
from services import ballots, booth_sheet, elections
from services.actor import SYSTEM, Actor
from services.ballots import Choice
from services.clock import utc_now
from services.errors import Conflict, ValidationFailed
from tests import factories
from tests.support import voting


@pytest.fixture
def draft(app):
    """A draft that is ready and opens in an hour, for eight hours."""
    now = utc_now()
    election = factories.ElectionFactory(opens_at=now + timedelta(hours=1), closes_at=now + timedelta(hours=9))
    for _ in range(2):
        factories.CandidateFactory(election=election)
    factories.RollEntryFactory(election=election)
    db.session.refresh(election)
    return election


def worker_comes_back(hours):
    """Let the worker follow the timetable as it does at its start, so many hours from now, in its own role."""
    with time_machine.travel(utc_now() + timedelta(hours=hours), tick=False), use_role("sealer"):
        return elections.follow_timetable(transaction)


def subjects():
    return [mail.subject for mail in db.session.scalars(select(EmailMessage))]


def audited(event_type):
    return db.session.scalars(select(AuditLog).where(AuditLog.event_type == event_type)).all()


def test_a_scheduled_draft_opens_at_its_time_and_not_before(draft):
    number = draft.id
    elections.schedule_opening(draft, SYSTEM)
    db.session.commit()
    assert worker_comes_back(0.99) == 0
    assert worker_comes_back(1) == 1
    opened = elections.get_election(number)
    assert (opened.status, opened.opens_by_itself) == (ElectionStatus.ACTIVE, False)
    assert ballots.definition_intact(opened)
    assert audited("worker:election:opened")[0].actor == "worker"


def test_a_worker_that_was_down_at_the_opening_opens_when_it_is_back(draft):
    number = draft.id
    elections.schedule_opening(draft, SYSTEM)
    db.session.commit()
    assert worker_comes_back(5) == 1
    assert elections.get_election(number).status is ElectionStatus.ACTIVE


def test_a_worker_that_was_down_all_day_opens_nothing_and_says_so(draft):
    number = draft.id
    elections.schedule_opening(draft, SYSTEM)
    db.session.commit()
    worker_comes_back(10)
    left = elections.get_election(number)
    assert (left.status, left.opens_by_itself) == (ElectionStatus.DRAFT, False)
    assert left.opening_problem == "The closing time is past."
    assert any("did not open at its time" in subject for subject in subjects())


def test_a_draft_that_became_incomplete_does_not_open_and_the_commission_is_told_once(draft):
    number = draft.id
    elections.schedule_opening(draft, SYSTEM)
    db.session.delete(db.session.scalar(select(Candidate)))
    db.session.commit()
    worker_comes_back(1)
    worker_comes_back(1.1)
    left = elections.get_election(number)
    assert left.status is ElectionStatus.DRAFT
    assert "fewer than 2 names" in left.opening_problem
    assert left.opening_failed_at is not None
    assert len(subjects()) == 1
    assert audited("worker:election:not_opened")[0].details == {"reason": "few_choices"}


def test_only_a_checked_draft_with_time_left_is_scheduled_and_it_can_be_cancelled(draft):
    elections.schedule_opening(draft, SYSTEM)
    elections.cancel_opening(draft, SYSTEM)
    db.session.commit()
    number = draft.id
    assert worker_comes_back(2) == 0
    draft = elections.get_election(number)
    with pytest.raises(Conflict):
        elections.cancel_opening(draft, SYSTEM)
    with time_machine.travel(draft.opens_at, tick=False), pytest.raises(ValidationFailed, match="opening time is past"):
        elections.schedule_opening(draft, SYSTEM)
    empty = factories.ElectionFactory(opens_at=utc_now() + timedelta(hours=1))
    with pytest.raises(ValidationFailed, match="fewer than 2 names"):
        elections.schedule_opening(empty, SYSTEM)
    assert not empty.opens_by_itself


@pytest.mark.parametrize("late", [0, 14])
def test_an_election_closes_at_its_time_and_ends_when_it_was_planned_however_late_the_worker_is(late, open_election):
    number, planned = open_election.id, open_election.closes_at
    assert worker_comes_back(7.9) == 0
    with time_machine.travel(planned + timedelta(hours=late), tick=False), use_role("sealer"):
        assert elections.follow_timetable(transaction) == 1
    closed = elections.get_election(number)
    assert (closed.status, closed.closed_at) == (ElectionStatus.CLOSED, planned)
    assert audited("worker:election:closed")


def test_the_note_that_is_missing_holds_no_election_open_and_can_be_written_afterwards(open_election):
    number = open_election.id
    voter = voting.voters_of(open_election)[0]
    voting.make_pass(open_election, voter)
    db.session.delete(db.session.scalar(select(BallotPass)))  # a check-in that opened no ballot
    db.session.commit()
    worker_comes_back(9)

    closed = elections.get_election(number)
    assert closed.status is ElectionStatus.CLOSED
    assert audited("worker:election:closed")[0].details.items() >= {"count": 1}.items()
    assert any("booth sheet that does not balance" in subject for subject in subjects())
    (sheet,) = booth_sheet.unexplained(closed)
    officer = factories.StaffUserFactory()
    note = "The power failed at noon."
    booth_sheet.add_note(closed, sheet.kiosk_id, note, Actor("officer", officer.id, officer.username))
    assert booth_sheet.unexplained(closed) == []


def test_an_extended_election_closes_at_its_new_time(open_election):
    number = open_election.id
    ballots.extend_closing(open_election, open_election.closes_at + timedelta(hours=4), "The line was long.")
    db.session.commit()
    assert worker_comes_back(9) == 0
    assert worker_comes_back(12) == 1
    assert elections.get_election(number).status is ElectionStatus.CLOSED


def test_one_election_that_fails_stops_no_other_and_is_mailed(open_election, monkeypatch):
    other = factories.make_open_election().id
    number = open_election.id
    real = booth_sheet.freeze

    def broken(election):
        if election.id == number:
            raise RuntimeError("The disk is full.")
        return real(election)

    monkeypatch.setattr(booth_sheet, "freeze", broken)
    assert worker_comes_back(9) == 1
    assert elections.get_election(other).status is ElectionStatus.CLOSED
    assert elections.get_election(number).status is ElectionStatus.ACTIVE
    assert any("does not follow its timetable" in subject for subject in subjects())


def test_nobody_votes_outside_the_window_whatever_the_clock_of_the_application_says(app):
    """The database's clock decides: an application that is an hour ahead lets nobody vote early."""
    now = utc_now()
    early = factories.make_open_election(opens_at=now + timedelta(minutes=30), closes_at=now + timedelta(hours=1))
    with time_machine.travel(now + timedelta(minutes=45), tick=False):
        outcome = voting.cast_by(voting.voters_of(early)[0], early, Choice(nota=True))
    assert outcome.kind == "closed"
    assert ballots.counts(early).votes == 0
