"""Staff of the election commission, their sign-ins and their failed tries."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Model, TimestampMixin, text_enum


class StaffRole(enum.StrEnum):
    ADMIN = "admin"
    OFFICER = "officer"
    OBSERVER = "observer"


class StaffUser(TimestampMixin, Model):
    __tablename__ = "staff_users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str | None]
    password_hash: Mapped[str]
    role: Mapped[StaffRole] = mapped_column(text_enum(StaffRole))
    totp_secret: Mapped[bytes | None]
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
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    staff_user: Mapped[StaffUser] = relationship()


class LoginFailure(TimestampMixin, Model):
    """A failed sign-in, counted by account and address together, so that nobody outside can lock the staff out."""

    __tablename__ = "login_failures"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str]
    ip_address: Mapped[str] = mapped_column(INET)

    __table_args__ = (
        Index("ix_login_failures_username_ip_address_created_at", "username", "ip_address", "created_at"),
    )
