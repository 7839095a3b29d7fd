"""Bearer tokens of the API; each belongs to a signed-in session of staff or of a voter, and ends with it."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, TimestampMixin, text_enum


class ApiTokenUse(enum.StrEnum):
    """What a token is good for."""

    ACCESS = "access"
    REFRESH = "refresh"


class ApiToken(TimestampMixin, Model):
    """A token; the client holds it, the table its SHA-256.

    The session is the family: a refresh token that comes twice ends the session, and every token of it.
    """

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    use: Mapped[ApiTokenUse] = mapped_column(text_enum(ApiTokenUse))
    staff_session_id: Mapped[int | None] = mapped_column(
        ForeignKey("staff_sessions.id", ondelete="CASCADE"), index=True
    )
    voter_session_id: Mapped[int | None] = mapped_column(
        ForeignKey("voter_sessions.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("(staff_session_id IS NULL) <> (voter_session_id IS NULL)", name="of_one_session"),
    )


class ApiRequest(TimestampMixin, Model):
    """What a member of staff made over the API under a key; of key and request only SHA-256. `made`: its id as text."""

    __tablename__ = "api_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_user_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id", ondelete="CASCADE"))
    key_hash: Mapped[bytes]
    said_hash: Mapped[bytes]
    made: Mapped[str]

    __table_args__ = (UniqueConstraint("staff_user_id", "key_hash"),)
