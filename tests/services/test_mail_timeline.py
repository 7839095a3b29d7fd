"""The timeline of one voter in one election: mails, visits and the vote, never what was chosen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient

from models import EmailMessage, MailStatus, RollEntry, Voter, db
from services import mailings
from services.ballots import Choice
from services.clock import utc_now
from services.email_service.content import open_body
from services.email_service.problems import MailProblem
from services.voting_links.making import make_link
from tests import factories
from tests.support import voting


def voter_of(election: Any) -> Voter:
    return db.session.query(RollEntry).filter_by(election_id=election.id).first().voter


def test_moments_stand_in_the_order_of_time(open_election: Any) -> None:
    voter, now = voter_of(open_election), utc_now()
    factories.EmailMessageFactory(
        election=open_election, voter=voter, status=MailStatus.BOUNCED, problem=MailProblem.MAILBOX_FULL,
        bounced_at=now + timedelta(minutes=1),
    )  # fmt: skip
    factories.EmailMessageFactory(
        election=open_election, voter=voter, status=MailStatus.SENT, sent_at=now + timedelta(minutes=2)
    )
    factories.EmailMessageFactory(election=factories.ElectionFactory(), voter=voter, status=MailStatus.SENT)
    said = [(moment.words, moment.more) for moment in mailings.timeline(open_election, voter)]
    assert said == [
        ("Put on the roll", ""),
        ("Invitation with the voting link: bounced", "The mailbox is full."),
        ("Invitation with the voting link: sent", ""),
    ]


def test_vote_is_told_with_its_channel_and_without_the_choice(open_election: Any) -> None:
    voter = voter_of(open_election)
    voting.cast_by(voter, open_election, Choice(nota=True))
    words = [moment.words for moment in mailings.timeline(open_election, voter)]
    assert {"Put on the roll", "Voted at a booth", "Confirmation of the vote: waiting"} <= set(words)
    assert not any("None of the above" in one or "NOTA" in one for one in words)


def test_opened_ballot_page_is_told(open_election: Any) -> None:
    voter = voter_of(open_election)
    token = make_link(open_election, voter, None, "https://vote.example.org/vote")
    token.opened_at = utc_now() + timedelta(minutes=1)
    db.session.flush()
    assert [moment.words for moment in mailings.timeline(open_election, voter)][1:] == [
        "Invitation with the voting link: waiting",
        "Opened the ballot page",
    ]


def test_new_link_withdraws_the_mail_with_the_old_one_while_it_waits(open_election: Any) -> None:
    voter = voter_of(open_election)
    token = make_link(open_election, voter, None, "https://vote.example.org/vote")
    old = db.session.get_one(EmailMessage, token.mail_id)
    assert "https://vote.example.org/mail/not-me?token=" in open_body(old.body or b"").text
    make_link(open_election, voter, token, "https://vote.example.org/vote")
    db.session.refresh(old)
    assert (old.status, old.body, old.problem) == (MailStatus.FAILED, None, MailProblem.REPLACED)
    new = db.session.get_one(EmailMessage, token.mail_id)
    assert (new.status, new.voter_id, new.election_id) == (MailStatus.QUEUED, voter.id, open_election.id)


def test_voter_who_is_not_on_the_roll_has_no_timeline(open_election: Any) -> None:
    assert mailings.timeline(open_election, factories.VoterFactory()) == []


def test_page_of_a_voter_shows_the_timeline_of_the_chosen_election(
    admin_client: FlaskClient, open_election: Any
) -> None:
    voter = voter_of(open_election)
    mail = factories.EmailMessageFactory(election=open_election, voter=voter, status=MailStatus.FAILED)
    page = admin_client.get(f"/admin/voters/{voter.id}").text
    assert "Invitation with the voting link: given up" in page
    assert f"/admin/mail/{mail.id}" in page
