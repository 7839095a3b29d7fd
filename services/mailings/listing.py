"""The list of mails: search, filters, pages; and one mail without its text, which nobody of the staff may read."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, func, or_, select

from models import Election, EmailMessage, MailStatus, Voter, db
from services import membership
from services.actor import Actor
from services.email_service.problems import in_words
from services.errors import NotFound
from services.mailings.figures import STOPPED, WAITING, owned_by
from services.mailings.kinds import kind_words
from services.voters import normalise_voter_number

PAGE_SIZE = 50
STATUS_GROUPS: dict[str, tuple[MailStatus, ...]] = {
    "waiting": WAITING, "sent": (MailStatus.SENT,), "failed": (MailStatus.FAILED,), "bounced": (MailStatus.BOUNCED,),
    "stopped": STOPPED,
}  # fmt: skip
"""What the list can be asked for; `stopped` are those that do not go on by themselves."""


@dataclass(frozen=True)
class MailQuery:
    """What the list shows; `page` counts from 1."""

    text: str = ""
    kind: str = ""
    status: str = ""
    page: int = 1

    @property
    def filtered(self) -> bool:
        return bool(self.text or self.kind or self.status)


@dataclass(frozen=True)
class MailLine:
    """One mail of the list; its text is not in it."""

    id: uuid.UUID
    kind: str
    recipient: str
    subject: str
    status: MailStatus
    attempts: int
    problem: str | None
    last_error: str | None
    created_at: datetime
    next_attempt_at: datetime
    sent_at: datetime | None
    bounced_at: datetime | None
    election_id: int | None
    has_body: bool
    voter: Voter | None

    @property
    def kind_words(self) -> str:
        return kind_words(self.kind)

    @property
    def trouble(self) -> tuple[str, str] | None:
        return in_words(self.problem) if self.problem or self.last_error else None

    @property
    def can_retry(self) -> bool:
        waits_after_failure = self.status is MailStatus.QUEUED and self.attempts > 0
        return self.has_body and (self.status in STOPPED or waits_after_failure)


@dataclass(frozen=True)
class MailList:
    """One page of the list, newest first."""

    rows: list[MailLine]
    page: int
    pages: int
    total: int


def mails(election: Election | None, query: MailQuery) -> MailList:
    """Return a page of an election's mails; None lists those that belong to no election."""
    asked = _matching(election, query)
    counted = select(func.count()).select_from(EmailMessage).outerjoin(Voter).where(*asked)
    total = db.session.scalar(counted) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, query.page), pages)
    newest = _lines().where(*asked).order_by(EmailMessage.created_at.desc(), EmailMessage.id)
    found = db.session.execute(newest.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE))
    return MailList([MailLine(*row) for row in found], page, pages, total)


def mail(mail_id: uuid.UUID, actor: Actor) -> MailLine:
    """Return one mail that this actor may see; raises NotFound."""
    found = db.session.execute(_lines().where(EmailMessage.id == mail_id)).first()
    line = MailLine(*found) if found else None
    if line is None or (line.election_id is not None and not membership.may_see(actor, line.election_id)):
        raise NotFound(_("There is no mail with this number."))
    return line


def kinds_there(election: Election | None) -> list[tuple[str, str]]:
    """Return the kinds that the list holds, with their words."""
    kinds = db.session.scalars(select(EmailMessage.kind).where(owned_by(election)).distinct())
    return sorted(((kind, kind_words(kind)) for kind in kinds), key=lambda pair: pair[1])


def _lines() -> Select[Any]:
    mine = [getattr(EmailMessage, name) for name in MailLine.__dataclass_fields__ if name not in ("has_body", "voter")]
    return select(*mine, EmailMessage.body.is_not(None), Voter).outerjoin(Voter, EmailMessage.voter_id == Voter.id)


def _matching(election: Election | None, query: MailQuery) -> list[ColumnElement[bool]]:
    asked = [owned_by(election)]
    if query.kind:
        asked.append(EmailMessage.kind == query.kind)
    if query.status in STATUS_GROUPS:
        asked.append(EmailMessage.status.in_(STATUS_GROUPS[query.status]))
    if query.text:
        asked.append(or_(
            EmailMessage.recipient.icontains(query.text, autoescape=True),
            Voter.name.icontains(query.text, autoescape=True),
            Voter.voter_id == normalise_voter_number(query.text),
        ))  # fmt: skip
    return asked
