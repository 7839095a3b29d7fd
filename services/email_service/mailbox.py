"""The development mailbox: what the DevelopmentTransport wrote, and what still waits for the worker."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, fields
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage as MimeMessage
from email.policy import default
from typing import Any

from sqlalchemy import func, select

from models import EmailMessage, MailStatus, db
from services.context import platform
from services.email_service.development import mail_file
from services.email_service.problems import in_words
from services.errors import NotFound

PER_PAGE = 50


@dataclass(frozen=True)
class MailRow:
    """One line of the list."""

    id: uuid.UUID
    recipient: str
    subject: str
    status: MailStatus
    problem: str | None
    last_error: str | None
    created_at: datetime

    @property
    def trouble(self) -> tuple[str, str] | None:
        """What went wrong last and what to do, in words; None when nothing did."""
        return in_words(self.problem) if self.problem or self.last_error else None


@dataclass(frozen=True)
class MailPage:
    """One page of the list, newest first; `page` counts from 1."""

    rows: list[MailRow]
    page: int
    pages: int
    total: int


@dataclass(frozen=True)
class Picture:
    name: str
    mimetype: str
    content: bytes


@dataclass(frozen=True)
class StoredMail:
    """A mail as its reader would see it; without text while it waits for the worker."""

    row: MailRow
    text: str | None
    html: str | None
    pictures: list[Picture]


def is_open() -> bool:
    """Tell whether this installation has a development mailbox."""
    return platform().settings.mail_transport == "development"


def list_mail(page: int = 1) -> MailPage:
    """Return one page of all mails, newest first."""
    total = db.session.scalar(select(func.count()).select_from(EmailMessage)) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(1, page), pages)
    newest = select(*_columns()).order_by(EmailMessage.created_at.desc(), EmailMessage.id)
    found = db.session.execute(newest.limit(PER_PAGE).offset((page - 1) * PER_PAGE))
    return MailPage([MailRow(*row) for row in found], page, pages, total)


def read_mail(mail_id: uuid.UUID) -> StoredMail:
    """Return one mail with its parts; raises NotFound."""
    found = db.session.execute(select(*_columns()).where(EmailMessage.id == mail_id)).first()
    if found is None:
        raise NotFound()
    row = MailRow(*found)
    try:
        content = mail_file(platform().settings, mail_id).read_bytes()
    except FileNotFoundError:
        return StoredMail(row, None, None, [])
    mime = message_from_bytes(content, policy=default)
    pictures = [
        Picture(part.get_filename() or "picture", part.get_content_type(), part.get_content())
        for part in mime.iter_attachments()
        if part.get_content_maintype() == "image"
    ]
    return StoredMail(row, _part(mime, "plain"), _part(mime, "html"), pictures)


def _columns() -> list[Any]:
    return [getattr(EmailMessage, field.name) for field in fields(MailRow)]


def _part(mime: MimeMessage, subtype: str) -> str | None:
    part = mime.get_body(preferencelist=(subtype,))
    return None if part is None else str(part.get_content())
