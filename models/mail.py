"""The outbox: a mail is a row written in the transaction of the fact it reports. What became of it, and the queue."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Model, TimestampMixin, text_enum
from models.elections import Election
from models.voters import Voter


class MailStatus(enum.StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"


class PlannedKind(enum.StrEnum):
    """Mails to many voters that the worker queues when their time has come."""

    REHEARSAL = "rehearsal"
    REMINDER = "reminder"
    RESULT = "result"


class EmailMessage(TimestampMixin, Model):
    """One mail to one recipient; `body` is encrypted and padded, and wiped when delivered.

    `bulk` mails wait for all others. `problem` names what went wrong last (`services.email_service.problems`),
    `last_error` holds the words of the server.
    """

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
    election_id: Mapped[int | None] = mapped_column(ForeignKey("elections.id", ondelete="CASCADE"))
    voter_id: Mapped[int | None] = mapped_column(ForeignKey("voters.id", ondelete="SET NULL"), index=True)
    bulk: Mapped[bool] = mapped_column(server_default="false")
    status: Mapped[MailStatus] = mapped_column(text_enum(MailStatus), server_default=MailStatus.QUEUED)
    attempts: Mapped[int] = mapped_column(server_default="0")
    problem: Mapped[str | None]
    last_error: Mapped[str | None]
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    locked_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_email_messages_due",
            "bulk",
            "next_attempt_at",
            postgresql_where=text("status IN ('queued', 'sending')"),
        ),
        Index("ix_email_messages_of_election", "election_id", "kind", "status", "voter_id"),
        Index("ix_email_messages_newest", "election_id", text("created_at DESC"), "id"),
    )


class MailQueueState(Model):
    """The one row about the whole queue: why no mail leaves, when that is tried next, and when the next one may go.

    `settings_print` is a keyed hash of the mail settings with which the pause came: other ones are tried at once.
    """

    __tablename__ = "mail_queue"

    id: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    paused_at: Mapped[datetime | None]
    problem: Mapped[str | None]
    last_error: Mapped[str | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    probe_at: Mapped[datetime | None]
    settings_print: Mapped[str | None]
    next_slot_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("id", name="one_row"),)


class PlannedMail(TimestampMixin, Model):
    """Mails to many voters at a time, `due_at` at the earliest; `mails` counts those that were queued so far.

    `address` begins the links in them: the worker has no request to take it from.
    """

    __tablename__ = "planned_mails"

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id", ondelete="CASCADE"))
    kind: Mapped[PlannedKind] = mapped_column(text_enum(PlannedKind))
    due_at: Mapped[datetime]
    address: Mapped[str]
    done_at: Mapped[datetime | None]
    mails: Mapped[int] = mapped_column(server_default="0")

    election: Mapped[Election] = relationship()

    __table_args__ = (UniqueConstraint("election_id", "kind", "due_at"),)


class NotMeReport(TimestampMixin, Model):
    """Somebody who got a voter's mail says that the voter is somebody else; kept until the commission has looked."""

    __tablename__ = "not_me_reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id", ondelete="CASCADE"))
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"), index=True)
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]

    voter: Mapped[Voter] = relationship()

    __table_args__ = (UniqueConstraint("election_id", "voter_id"),)


class RehearsalAnswer(Model):
    """A voter got the test mail of a rehearsal and pressed the button on its page."""

    __tablename__ = "rehearsal_answers"

    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id", ondelete="CASCADE"), primary_key=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"), primary_key=True, index=True)
    answered_at: Mapped[datetime]
