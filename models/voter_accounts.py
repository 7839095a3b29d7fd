"""Accounts of voters: registrations that wait, one-time codes, signed-in browsers, and links for a new password."""

from __future__ import annotations

import enum
import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Model, TimestampMixin, text_enum
from models.voters import Voter


class CodeUse(enum.StrEnum):
    """What a mailed code is typed for."""

    REGISTER = "register"
    SIGN_IN = "sign_in"


class Registration(TimestampMixin, Model):
    """Somebody who asked for an account; the row goes when the commission decides, and its picture with it.

    `voter_number` is what the person typed, and proves nothing. `confirmed_at`: the mailed code came back.
    """

    __tablename__ = "registrations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    dob: Mapped[date]
    email: Mapped[str]
    voter_number: Mapped[str | None]
    password_hash: Mapped[str]
    photo_path: Mapped[str]
    encoding: Mapped[bytes]
    quality: Mapped[dict[str, Any]] = mapped_column(JSONB)
    consent_version: Mapped[str]
    confirmed_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_registrations_confirmed_email",
            text("lower(email)"),
            unique=True,
            postgresql_where=text("confirmed_at IS NOT NULL"),
        ),
        Index("ix_registrations_created_at", "created_at"),
    )


class OneTimeCode(TimestampMixin, Model):
    """Six digits that were mailed: the browser holds the ticket, the table its SHA-256 and a keyed hash of the digits.

    A row that is nobody's stands for an address that cannot be used: to the browser it is like any other.
    """

    __tablename__ = "one_time_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    use: Mapped[CodeUse] = mapped_column(text_enum(CodeUse))
    ticket_hash: Mapped[bytes] = mapped_column(unique=True)
    email: Mapped[str]
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registrations.id", ondelete="CASCADE"), index=True)
    voter_id: Mapped[int | None] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[bytes]
    tries: Mapped[int] = mapped_column(server_default="0", default=0)
    mails: Mapped[int] = mapped_column(server_default="1", default=1)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    registration: Mapped[Registration | None] = relationship()
    voter: Mapped[Voter | None] = relationship()

    __table_args__ = (
        CheckConstraint("registration_id IS NULL OR voter_id IS NULL", name="of_one_person"),
        Index("ix_one_time_codes_email_created_at", "email", "created_at"),
    )


class VoterSession(TimestampMixin, Model):
    """A voter's signed-in browser; the cookie holds the token, the table its SHA-256."""

    __tablename__ = "voter_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_agent: Mapped[str | None]
    ended_at: Mapped[datetime | None]

    voter: Mapped[Voter] = relationship()


class VoterDevice(TimestampMixin, Model):
    """A browser that its voter trusts: there the password alone signs in, until it expires or is revoked."""

    __tablename__ = "voter_devices"

    id: Mapped[int] = mapped_column(primary_key=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_agent: Mapped[str | None]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class PasswordReset(TimestampMixin, Model):
    """A mailed link for a new password, good once; the mail holds the token, the table its SHA-256."""

    __tablename__ = "password_resets"

    id: Mapped[int] = mapped_column(primary_key=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    voter: Mapped[Voter] = relationship()


class IdentityCheck(TimestampMixin, Model):
    """A live challenge in an account, bound to one session and one election; finished once, and worth a ballot then."""

    __tablename__ = "identity_checks"

    id: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()")
    )
    session_id: Mapped[int] = mapped_column(ForeignKey("voter_sessions.id", ondelete="CASCADE"), index=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"))
    steps: Mapped[list[str]] = mapped_column(JSONB)
    state: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    passed_at: Mapped[datetime | None]

    voter: Mapped[Voter] = relationship()

    __table_args__ = (Index("ix_identity_checks_election_id_voter_id", "election_id", "voter_id"),)
