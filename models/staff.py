"""Staff of the election commission, their sign-ins and their failed tries."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Model, TimestampMixin, text_enum


class StaffRole(enum.StrEnum):
    ADMIN = "admin"
    OFFICER = "officer"
    OBSERVER = "observer"


class SignInStep(enum.StrEnum):
    """What a failed sign-in failed at: the password, or the second step after it."""

    PASSWORD = "password"  # noqa: S105 - the name of a step
    CODE = "code"


class StaffLinkKind(enum.StrEnum):
    """What a mailed or printed link is for."""

    INVITATION = "invitation"
    PASSWORD = "password"  # noqa: S105 - the name of a kind


class StaffUser(TimestampMixin, Model):
    """A member of staff; `totp_last_step` is the 30 s step of the last accepted code, which is accepted once."""

    __tablename__ = "staff_users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    email: Mapped[str | None]
    password_hash: Mapped[str]
    role: Mapped[StaffRole] = mapped_column(text_enum(StaffRole))
    totp_secret: Mapped[bytes | None]
    totp_last_step: Mapped[int | None]
    is_active: Mapped[bool] = mapped_column(server_default="true", default=True)
    last_login_at: Mapped[datetime | None]

    __table_args__ = (Index("uq_staff_users_email_lower", text("lower(email)"), unique=True),)


class StaffSession(TimestampMixin, Model):
    """A signed-in browser; the cookie holds the token, the table its SHA-256."""

    __tablename__ = "staff_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_user_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    election_id: Mapped[int | None] = mapped_column(ForeignKey("elections.id", ondelete="SET NULL"))
    ip_address: Mapped[str | None]
    user_agent: Mapped[str | None]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    staff_user: Mapped[StaffUser] = relationship()


class LoginFailure(TimestampMixin, Model):
    """A failed sign-in, counted by account and address together, so that nobody outside can lock the staff out."""

    __tablename__ = "login_failures"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str]
    ip_address: Mapped[str] = mapped_column(INET)
    step: Mapped[SignInStep] = mapped_column(text_enum(SignInStep), server_default=SignInStep.PASSWORD)

    __table_args__ = (
        Index("ix_login_failures_username_ip_address_created_at", "username", "ip_address", "created_at"),
    )


class RecoveryCode(TimestampMixin, Model):
    """One of ten codes that stand in for the second step once each; the table keeps its SHA-256."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_user_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[bytes] = mapped_column(unique=True)
    used_at: Mapped[datetime | None]


class StaffLink(TimestampMixin, Model):
    """A link that makes an account (invitation) or a new password; the mail holds the token, the table its SHA-256."""

    __tablename__ = "staff_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[StaffLinkKind] = mapped_column(text_enum(StaffLinkKind))
    name: Mapped[str]
    email: Mapped[str | None]
    role: Mapped[StaffRole] = mapped_column(text_enum(StaffRole))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id", ondelete="SET NULL"), index=True)
    staff_user_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("kind = 'invitation' OR staff_user_id IS NOT NULL", name="password_of_somebody"),)


class StaffLinkElection(Model):
    """An election on whose list the invited person comes by accepting."""

    __tablename__ = "staff_link_elections"

    link_id: Mapped[int] = mapped_column(ForeignKey("staff_links.id", ondelete="CASCADE"), primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id", ondelete="CASCADE"), primary_key=True)
