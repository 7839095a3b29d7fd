"""Tamper evidence: audit rows chained in blocks, and the signed heads of the chains (design, section 3)."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Model, TimestampMixin, text_enum
from models.elections import Election


class AuditBlock(Model):
    """Rows of the audit log, chained: `root` is over the rows, `block_hash` over the block and the one before it.

    Written by `chain_audit_rows()` in the database only; `migrations/sql/audit_blocks.sql`.
    """

    __tablename__ = "audit_blocks"

    height: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first_seq: Mapped[int]
    rows: Mapped[int]
    root: Mapped[bytes]
    previous_hash: Mapped[bytes] = mapped_column(unique=True)
    block_hash: Mapped[bytes] = mapped_column(unique=True)
    made_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("height >= 1 AND first_seq >= 1 AND rows >= 1", name="from_one"),)


class AuditChainLink(Model):
    """The place of an audit row in the chain; without gaps, unlike the numbers of the rows."""

    __tablename__ = "audit_chain"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    audit_log_id: Mapped[int] = mapped_column(ForeignKey("audit_logs.id"), unique=True)
    height: Mapped[int] = mapped_column(ForeignKey("audit_blocks.height"), index=True)


class AuditChainMark(Model):
    """One row: up to which number all audit rows are chained, so that a call need not look at older ones."""

    __tablename__ = "audit_chain_marks"

    id: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    chained_to: Mapped[int] = mapped_column(server_default="0")
    next_mark: Mapped[int | None]
    noted_at: Mapped[datetime | None]
    before_xid: Mapped[int | None]

    __table_args__ = (CheckConstraint("id", name="one_row"),)


class HeadKind(enum.StrEnum):
    AUDIT = "audit"
    BALLOTS = "ballots"


class SignedHead(Model):
    """The end of a chain at a moment, signed with the installation's key. Append-only.

    `height` is that of an audit block, or the number of sealed ballots; `head_hash` is the hash there: of the block,
    of the last ballot, or of the definition while no ballot is sealed. A head of the audit log names an election only
    when it was made because that election closed (`closing`).

    The one thing that comes later is the time stamp of an authority: `timestamp_token` is its whole answer (RFC 3161,
    DER), `stamped_at` and `stamped_by` are the time and the name in it.
    """

    __tablename__ = "signed_heads"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[HeadKind] = mapped_column(text_enum(HeadKind))
    election_id: Mapped[int | None] = mapped_column(ForeignKey("elections.id"))
    closing: Mapped[bool]
    height: Mapped[int]
    head_hash: Mapped[bytes]
    made_at: Mapped[datetime]
    signature: Mapped[bytes]
    key_fingerprint: Mapped[str]
    timestamp_token: Mapped[bytes | None] = mapped_column(deferred=True)
    stamped_at: Mapped[datetime | None]
    stamped_by: Mapped[str | None]

    election: Mapped[Election | None] = relationship()

    __table_args__ = (
        CheckConstraint("kind = 'audit' OR election_id IS NOT NULL", name="ballots_of_an_election"),
        CheckConstraint("NOT closing OR election_id IS NOT NULL", name="closing_of_an_election"),
        CheckConstraint("kind = 'ballots' OR closing = (election_id IS NOT NULL)", name="audit_names_what_closed"),
        CheckConstraint("num_nulls(timestamp_token, stamped_at, stamped_by) IN (0, 3)", name="stamp_is_whole"),
        Index(
            "uq_signed_heads_once", "kind", "election_id", "height", "closing",
            unique=True, postgresql_nulls_not_distinct=True,
        ),
        Index("ix_signed_heads_election_id_id", "election_id", "id"),
    )  # fmt: skip


class StampFailure(enum.StrEnum):
    """Why the authority gave no stamp that could be stored."""

    UNREACHABLE = "unreachable"
    SLOW = "slow"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    OTHER = "other"
    UNTRUSTED = "untrusted"
    CLOCK = "clock"


class TimeStamping(Model):
    """One row: how often in a row the authority failed, how it failed last, and when it is asked again."""

    __tablename__ = "time_stamping"

    id: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    failures: Mapped[int]
    failure: Mapped[StampFailure | None] = mapped_column(text_enum(StampFailure))
    next_try_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("id", name="one_row"),)


class MailOccasion(enum.StrEnum):
    OPENING = "opening"
    RUNNING = "running"
    CLOSING = "closing"


class HeadMail(Model):
    """Heads of an election were handed to the outbox for `recipients` people outside. Append-only."""

    __tablename__ = "head_mails"

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    occasion: Mapped[MailOccasion] = mapped_column(text_enum(MailOccasion))
    audit_head_id: Mapped[int] = mapped_column(ForeignKey("signed_heads.id"))
    ballots_head_id: Mapped[int | None] = mapped_column(ForeignKey("signed_heads.id"))
    recipients: Mapped[int]
    made_at: Mapped[datetime]

    audit_head: Mapped[SignedHead] = relationship(foreign_keys=[audit_head_id])

    __table_args__ = (
        CheckConstraint("recipients >= 1", name="somebody_gets_it"),
        Index("ix_head_mails_election_id_id", "election_id", "id"),
        Index(
            "uq_head_mails_once", "election_id", "occasion", unique=True, postgresql_where=text("occasion <> 'running'")
        ),
    )


class HeadSubscription(TimestampMixin, Model):
    """Somebody outside who gets an election's heads by mail once the address is confirmed; gone when it ends.

    The confirmation mail holds the token, the table its SHA-256.
    """

    __tablename__ = "head_subscriptions"

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id", ondelete="CASCADE"))
    name: Mapped[str]
    email: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]

    election: Mapped[Election] = relationship()

    __table_args__ = (
        Index("uq_head_subscriptions_election_id_email_lower", "election_id", text("lower(email)"), unique=True),
    )
