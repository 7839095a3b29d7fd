"""Voters, their groups, their consent and their enrolled faces."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Model, TimestampMixin, text_enum

MAX_FACES = 5


class VoterStatus(enum.StrEnum):
    PENDING = "pending"
    VERIFIED = "verified"
    SUSPENDED = "suspended"


class Gender(enum.StrEnum):
    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNDISCLOSED = "undisclosed"


class Voter(TimestampMixin, Model):
    """One person, one row. `voter_id` is the public number with a check digit."""

    __tablename__ = "voters"

    id: Mapped[int] = mapped_column(primary_key=True)
    voter_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    dob: Mapped[date | None]
    gender: Mapped[Gender] = mapped_column(text_enum(Gender), server_default=Gender.UNDISCLOSED)
    email: Mapped[str | None]
    phone: Mapped[str | None]
    password_hash: Mapped[str | None]
    status: Mapped[VoterStatus] = mapped_column(text_enum(VoterStatus), server_default=VoterStatus.VERIFIED)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    # Words to be found by; only the database reads it.
    search: Mapped[str | None] = mapped_column(
        TSVECTOR, Computed("sv_search_words(name, email, voter_id)", persisted=True), deferred=True
    )

    faces: Mapped[list[VoterFace]] = relationship(
        back_populates="voter", order_by="VoterFace.slot", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        Index("uq_voters_email_lower", text("lower(email)"), unique=True),
        Index("ix_voters_search", "search", postgresql_using="gin"),
        Index("ix_voters_name_lower", text("lower(name)"), "id"),
        Index("ix_voters_status", "status"),
    )

    def age_on(self, day: date) -> int | None:
        """Return the age in whole years on `day`, or None when the birth date is unknown."""
        if self.dob is None:
            return None
        return day.year - self.dob.year - ((day.month, day.day) < (self.dob.month, self.dob.day))


class VoterFace(TimestampMixin, Model):
    """One enrolled picture: 128 × float32, encrypted together with the voter's id so that rows cannot be swapped."""

    __tablename__ = "voter_faces"

    id: Mapped[int] = mapped_column(primary_key=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"))
    slot: Mapped[int]
    encoding: Mapped[bytes]
    quality: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    image_snapshot_path: Mapped[str | None]

    voter: Mapped[Voter] = relationship(back_populates="faces")

    __table_args__ = (
        UniqueConstraint("voter_id", "slot"),
        CheckConstraint(f"slot BETWEEN 1 AND {MAX_FACES}", name="slot_range"),
    )


class Consent(TimestampMixin, Model):
    """A voter's consent to the use of the face: which text, and when; and when the face went by the rule of time."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"), index=True)
    text_version: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    faces_erased_at: Mapped[datetime | None]


class Group(TimestampMixin, Model):
    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class GroupMember(Model):
    __tablename__ = "group_members"

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"), primary_key=True, index=True)
