"""The outbox: a mail is a row written in the transaction of the fact it reports."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, TimestampMixin, text_enum


class MailStatus(enum.StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"


class EmailMessage(TimestampMixin, Model):
    """One mail to one recipient; `body` is encrypted and padded, and wiped when delivered."""

    __tablename__ = "email_messages"

    id: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()")
    )
    kind: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[bytes | None]
    attachment_path: Mapped[str | None]
    dedupe_key: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[MailStatus] = mapped_column(text_enum(MailStatus), server_default=MailStatus.QUEUED)
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str | None]
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    locked_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_email_messages_due",
            "next_attempt_at",
            postgresql_where=text("status IN ('queued', 'sending')"),
        ),
    )
