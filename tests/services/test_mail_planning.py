"""Mails to all voters: who gets which, when, and once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from models import Channel, Election, EmailMessage, MailStatus, NotMeReport, PlannedKind, VoterStatus, db, transaction
from services import elections, mailings
from services.actor import SYSTEM
from services.ballots import Choice
from services.clock import utc_now
from services.email_service.content import open_body
from services.errors import Conflict, ValidationFailed
from services.jobs import run_worker
from services.mailings import planning
from tests import factories
from tests.support import voting

SITE = "https://vote.example.org"


def plan(election: Election, kind: PlannedKind, **values: Any) -> Any:
    return mailings.plan(election, kind, SITE, SYSTEM, **values)


def mails(kind: PlannedKind) -> list[EmailMessage]:
    mailings.write_due(transaction)
    return db.session.query(EmailMessage).filter_by(kind=kind.value).order_by(EmailMessage.voter_id).all()


def text_of(mail: EmailMessage) -> str:
    assert mail.body is not None
    return open_body(mail.body).text


def test_reminder_goes_to_those_alone_who_can_still_vote(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "STEP", 1)
    election = factories.make_open_election(voters=6)
    voted, suspended, silent, disowned, *rest = voting.voters_of(election)
    voting.cast_by(voted, election, Choice(nota=True))
    suspended.status, silent.email = VoterStatus.SUSPENDED, None
    db.session.add(NotMeReport(election_id=election.id, voter_id=disowned.id))
    db.session.flush()
    assert mailings.reach(election).not_voted == 2
    one = plan(election, PlannedKind.REMINDER)
    found = mails(PlannedKind.REMINDER)
    assert [mail.voter_id for mail in found] == [voter.id for voter in rest]
    assert all(mail.bulk for mail in found)
    assert (one.mails, one.done_at is not None) == (2, True)
    assert len(mails(PlannedKind.REMINDER)) == 2


def test_reminder_says_in_which_mail_the_link_is_and_holds_none(app: Flask) -> None:
    election = factories.make_open_election(voters=2, channels=[Channel.BOOTH, Channel.LINK])
    invited, other = voting.voters_of(election)
    factories.EmailMessageFactory(election=election, voter=invited, status="sent", sent_at=utc_now())
    plan(election, PlannedKind.REMINDER)
    first, second = map(text_of, mails(PlannedKind.REMINDER))
    assert "Use your personal link in the mail that we sent you on" in first
    assert "Your personal link comes in a mail of its own." in second
    assert f"{SITE}/mail/not-me?token=" in first
    assert f"{SITE}/vote" not in first
    assert f"Dear {other.name}," in second


def test_planned_reminder_waits_for_its_time_and_is_dropped_when_voting_ended(app: Flask) -> None:
    election = factories.make_open_election(opens_at=utc_now() - timedelta(hours=1),
                                            closes_at=utc_now() + timedelta(hours=30))  # fmt: skip
    one = mailings.plan_before_closing(election, 24, SITE, SYSTEM)
    assert mails(PlannedKind.REMINDER) == []
    with time_machine.travel(utc_now() + timedelta(hours=7), tick=False):
        assert len(mails(PlannedKind.REMINDER)) == 1
    later = mailings.plan_before_closing(election, 2, SITE, SYSTEM)
    elections.close_election(election, SYSTEM)
    with time_machine.travel(utc_now() + timedelta(hours=29), tick=False):
        assert len(mails(PlannedKind.REMINDER)) == 1
    assert (one.mails, later.mails, later.done_at is not None) == (1, 0, True)


@pytest.mark.parametrize("hours", [3, 0, 168])
def test_time_that_is_no_choice_or_over_is_refused(app: Flask, hours: int) -> None:
    election = factories.make_open_election(closes_at=utc_now() + timedelta(hours=30))
    with pytest.raises(ValidationFailed):
        mailings.plan_before_closing(election, hours, SITE, SYSTEM)


def test_mails_at_the_wrong_time_of_an_election_are_refused(app: Flask) -> None:
    draft, opened = factories.ElectionFactory(), factories.make_open_election()
    for election, kind in ((draft, PlannedKind.REMINDER), (draft, PlannedKind.RESULT), (opened, PlannedKind.REHEARSAL)):
        with pytest.raises(Conflict):
            plan(election, kind)
    plan(opened, PlannedKind.REMINDER)
    with pytest.raises(Conflict, match="six hours"):
        plan(opened, PlannedKind.REMINDER)


def test_result_waits_until_it_is_final_and_comes_once(app: Flask) -> None:
    election = factories.make_open_election(voters=2)
    plan(election, PlannedKind.RESULT)
    assert mails(PlannedKind.RESULT) == []
    voting.cast_by(voting.voters_of(election)[0], election, Choice((election.candidates[0].id,)))
    elections.close_election(election, SYSTEM)
    assert mails(PlannedKind.RESULT) == []
    voting.seal_all()
    election = db.session.merge(election)
    found = mails(PlannedKind.RESULT)
    assert len(found) == 2
    assert f"{SITE}/results/?election={election.id}" in text_of(found[0])
    assert election.candidates[0].name not in text_of(found[0])
    with pytest.raises(Conflict):
        plan(election, PlannedKind.RESULT)


def test_result_with_a_tie_waits_for_the_lot(app: Flask) -> None:
    election = factories.make_open_election(voters=2)
    for voter, candidate in zip(voting.voters_of(election), election.candidates, strict=False):
        voting.cast_by(voter, election, Choice((candidate.id,)))
    elections.close_election(election, SYSTEM)
    voting.seal_all()
    plan(election, PlannedKind.RESULT)
    assert mails(PlannedKind.RESULT) == []


def test_invitation_that_has_not_left_when_voting_ends_never_leaves(app: Flask) -> None:
    election, other = factories.make_open_election(), factories.make_open_election()
    late, sent, waiting = (
        factories.EmailMessageFactory(election=one, status=status)
        for one, status in ((election, "queued"), (election, "sent"), (other, "queued"))
    )
    elections.close_election(election, SYSTEM)
    mailings.withdraw_what_is_too_late()
    for mail in (late, sent, waiting):
        db.session.refresh(mail)
    assert (late.status, late.problem, late.body) == (MailStatus.FAILED, "over", None)
    assert (sent.status, waiting.status) == (MailStatus.SENT, MailStatus.QUEUED)


def test_plan_that_has_not_begun_can_be_cancelled(app: Flask) -> None:
    election = factories.make_open_election(closes_at=utc_now() + timedelta(hours=30))
    one = mailings.plan_before_closing(election, 24, SITE, SYSTEM)
    mailings.cancel(election, one.id, SYSTEM)
    assert mailings.plans_of(election) == []
    done = plan(election, PlannedKind.REMINDER)
    mailings.write_due(transaction)
    with pytest.raises(Conflict):
        mailings.cancel(election, done.id, SYSTEM)


@pytest.mark.commits
def test_worker_may_read_and_write_all_that_planned_mails_need(committing_app: Flask) -> None:
    draft, over = factories.ElectionFactory(), factories.make_open_election(voters=1)
    factories.RollEntryFactory(election=draft)
    opened = factories.make_open_election(voters=1, channels=[Channel.BOOTH, Channel.LINK])
    voting.cast_by(voting.voters_of(over)[0], over, Choice((over.candidates[0].id,)))
    elections.close_election(over, SYSTEM)
    for election, kind in (
        (draft, PlannedKind.REHEARSAL), (opened, PlannedKind.REMINDER), (over, PlannedKind.RESULT),
    ):  # fmt: skip
        plan(election, kind)
    db.session.commit()
    run_worker(committing_app, once=True)
    kinds = db.session.scalars(select(EmailMessage.kind).where(EmailMessage.bulk, EmailMessage.status == "sent"))
    assert set(kinds) >= {"rehearsal", "reminder", "result"}
