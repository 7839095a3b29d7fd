"""Counts of mails by kind and status, and how far the sending is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select

from models import Channel, Election, ElectionStatus, EmailMessage, MailStatus, db
from services.email_service import queue_state
from services.mailings.kinds import WORDS, kind_words
from services.voting_links import uninvited

WAITING = (MailStatus.QUEUED, MailStatus.SENDING)
STOPPED = (MailStatus.FAILED, MailStatus.BOUNCED)


@dataclass(frozen=True)
class KindFigures:
    """How many mails of one kind have which status."""

    kind: str
    words: str
    counts: dict[MailStatus, int]

    @property
    def waiting(self) -> int:
        return sum(self.counts.get(status, 0) for status in WAITING)

    @property
    def sent(self) -> int:
        return self.counts.get(MailStatus.SENT, 0)

    @property
    def failed(self) -> int:
        return self.counts.get(MailStatus.FAILED, 0)

    @property
    def bounced(self) -> int:
        return self.counts.get(MailStatus.BOUNCED, 0)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class MailFigures:
    """The mails of one election, or of the installation itself; `queue` counts what waits in the whole installation."""

    kinds: list[KindFigures]
    queue: int
    a_minute: int
    pause: queue_state.Pause | None = field(default=None)

    @property
    def total(self) -> int:
        return sum(one.total for one in self.kinds)

    @property
    def waiting(self) -> int:
        return sum(one.waiting for one in self.kinds)

    @property
    def sent(self) -> int:
        return sum(one.sent for one in self.kinds)

    @property
    def stopped(self) -> int:
        return sum(one.failed + one.bounced for one in self.kinds)

    @property
    def minutes_left(self) -> int | None:
        """Minutes until the whole queue is empty at the pace of the last minute; None when there is no pace."""
        return -(-self.queue // self.a_minute) if self.queue and self.a_minute else None


def figures(election: Election | None) -> MailFigures:
    """Count the mails of an election; None counts those that belong to none."""
    found: dict[str, dict[MailStatus, int]] = {}
    counted = select(EmailMessage.kind, EmailMessage.status, func.count()).where(owned_by(election))
    for kind, status, count in db.session.execute(counted.group_by(EmailMessage.kind, EmailMessage.status)):
        found.setdefault(kind, {})[status] = count
    order = {kind: place for place, kind in enumerate(WORDS)}
    kinds = [
        KindFigures(kind, kind_words(kind), found[kind]) for kind in sorted(found, key=lambda one: order.get(one, 99))
    ]
    queue = db.session.scalar(select(func.count()).where(EmailMessage.status.in_(WAITING))) or 0
    lately = EmailMessage.sent_at > func.clock_timestamp() - timedelta(minutes=1)
    a_minute = db.session.scalar(select(func.count()).where(lately)) if queue else 0
    return MailFigures(kinds, queue, a_minute or 0, queue_state.current_pause())


def owned_by(election: Election | None) -> ColumnElement[bool]:
    """Return the condition for the mails of an election; None: of none."""
    return EmailMessage.election_id.is_(None) if election is None else EmailMessage.election_id == election.id


@dataclass(frozen=True)
class InvitationGap:
    """How many voters of an open election have not voted and got no link, and how many of these are on the way."""

    missing: int
    on_the_way: int

    @property
    def nobody_sends(self) -> int:
        return self.missing - self.on_the_way


def invitation_gap(election: Election) -> InvitationGap:
    """Count the voters of an open election by link who could vote by one and were sent none; zero for all others."""
    if election.status is not ElectionStatus.ACTIVE or Channel.LINK not in election.channels:
        return InvitationGap(0, 0)
    without, on_the_way = uninvited(election)
    return InvitationGap(without + on_the_way, on_the_way)
