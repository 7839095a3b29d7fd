"""What happened with one voter in one election, in the order of time: mails, visits, the vote. Never a choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from models import (
    AuthEvent,
    AuthMethod,
    AuthResult,
    Channel,
    Election,
    EmailMessage,
    MailStatus,
    NotMeReport,
    RehearsalAnswer,
    RollEntry,
    Vote,
    Voter,
    VotingToken,
    db,
)
from services.email_service.problems import in_words
from services.mailings.kinds import kind_words


@dataclass(frozen=True)
class Moment:
    """One line; `mood` is fine, warn, bad or calm, `mail_id` leads to the mail it is about; `at` is UTC."""

    at: datetime
    mood: str
    icon: str
    words: str
    more: str = ""
    mail_id: str | None = None


def timeline(election: Election, voter: Voter) -> list[Moment]:
    """Return the moments of a voter in an election, the oldest first; empty when the voter is not on its roll."""
    mine = (RollEntry.election_id == election.id) & (RollEntry.voter_id == voter.id)
    entry = db.session.scalar(select(RollEntry).where(mine))
    if entry is None:
        return []
    found = [Moment(entry.created_at, "calm", "id", _("Put on the roll")), *_mails(election, voter)]
    found += [*_rehearsal(election, voter), *_visits(election, voter), *_link(election, voter)]
    found += _vote(election, voter)
    return sorted(found, key=lambda moment: moment.at)


def _mails(election: Election, voter: Voter) -> Iterator[Moment]:
    asked = select(EmailMessage).where(EmailMessage.election_id == election.id, EmailMessage.voter_id == voter.id)
    for mail in db.session.scalars(asked):
        kind, trouble = kind_words(mail.kind), in_words(mail.problem)[0] if mail.problem else ""
        if mail.sent_at is not None:
            yield Moment(mail.sent_at, "fine", "mail", _("%(kind)s: sent", kind=kind), mail_id=str(mail.id))
        if mail.status is MailStatus.BOUNCED:
            at = mail.bounced_at or mail.created_at
            yield Moment(at, "bad", "stop", _("%(kind)s: bounced", kind=kind), trouble, str(mail.id))
        elif mail.status is MailStatus.FAILED:
            given_up = _("%(kind)s: given up", kind=kind)
            yield Moment(mail.next_attempt_at, "bad", "stop", given_up, trouble, str(mail.id))
        elif mail.sent_at is None:
            yield Moment(mail.created_at, "calm", "clock", _("%(kind)s: waiting", kind=kind), trouble, str(mail.id))


def _rehearsal(election: Election, voter: Voter) -> Iterator[Moment]:
    answer = db.session.get(RehearsalAnswer, (election.id, voter.id))
    if answer is not None:
        yield Moment(answer.answered_at, "fine", "check", _("Answered the test mail of the rehearsal"))
    asked = select(NotMeReport).where(NotMeReport.election_id == election.id, NotMeReport.voter_id == voter.id)
    for report in db.session.scalars(asked):
        yield Moment(report.created_at, "bad", "warn", _("Somebody who got the mail says: this is not me"))


def _visits(election: Election, voter: Voter) -> Iterator[Moment]:
    asked = select(AuthEvent).where(AuthEvent.election_id == election.id, AuthEvent.voter_id == voter.id)
    words = {
        AuthResult.SUCCESS: ("fine", "check", _("Recognised at the booth")),
        AuthResult.MISMATCH: ("bad", "stop", _("The face did not match")),
        AuthResult.UNKNOWN: ("warn", "warn", _("Not recognised at the booth")),
    }
    for event in db.session.scalars(asked):
        if event.result in words:
            mood, icon, said = words[event.result]
            by_document = event.method is AuthMethod.DOCUMENT and event.result is AuthResult.SUCCESS
            yield Moment(event.created_at, mood, icon, _("Identified by document") if by_document else said)


def _link(election: Election, voter: Voter) -> Iterator[Moment]:
    asked = select(VotingToken).where(VotingToken.election_id == election.id, VotingToken.voter_id == voter.id)
    for token in db.session.scalars(asked):
        if token.opened_at is not None:
            yield Moment(token.opened_at, "fine", "eye", _("Opened the ballot page"))


def _vote(election: Election, voter: Voter) -> Iterator[Moment]:
    asked = select(Vote.cast_at, Vote.channel).where(Vote.election_id == election.id, Vote.voter_id == voter.id)
    ways = {
        Channel.BOOTH: _("Voted at a booth"),
        Channel.LINK: _("Voted by link"),
        Channel.ACCOUNT: _("Voted by account"),
    }
    for cast_at, channel in db.session.execute(asked):
        yield Moment(cast_at, "fine", "box", ways.get(channel, _("Voted")))
