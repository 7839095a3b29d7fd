"""Faces compared with all others: the mean of each voter, flags for faces enrolled twice, and what was erased."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Model, TimestampMixin, text_enum
from models.staff import StaffUser
from models.voters import Voter


class FaceMean(Model):
    """The mean of a voter's enrolled encodings, encrypted together with the voter's id, for the search over all.

    `version` rises with every change of any row, so that a copy in memory knows what is new.
    """

    __tablename__ = "face_means"

    voter_id: Mapped[int] = mapped_column(
        ForeignKey("voters.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    encoding: Mapped[bytes]
    version: Mapped[int] = mapped_column(unique=True, server_default=text("nextval('face_means_version_seq')"))


class SameFace(enum.StrEnum):
    """What somebody found who looked at both."""

    PENDING = "pending"
    SAME_PERSON = "same_person"
    DIFFERENT = "different"


class DuplicateFlag(TimestampMixin, Model):
    """A face that was enrolled although another voter's is near it: a doubt for a person to settle, never a refusal.

    `voter_id` is the one enrolled later; `distance` lies between the means of both.
    """

    __tablename__ = "duplicate_flags"

    id: Mapped[int] = mapped_column(primary_key=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"), index=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"), index=True)
    distance: Mapped[float]
    state: Mapped[SameFace] = mapped_column(text_enum(SameFace), server_default=SameFace.PENDING)
    judged_by: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    judged_at: Mapped[datetime | None]
    note: Mapped[str | None]

    voter: Mapped[Voter] = relationship(foreign_keys=[voter_id])
    other: Mapped[Voter] = relationship(foreign_keys=[other_id])
    judge: Mapped[StaffUser | None] = relationship()

    __table_args__ = (
        CheckConstraint("voter_id <> other_id", name="two_voters"),
        CheckConstraint("(state = 'pending') = (judged_by IS NULL AND judged_at IS NULL)", name="judged_by_somebody"),
        Index(
            "uq_duplicate_flags_pair",
            func.least(text("voter_id"), text("other_id")),
            func.greatest(text("voter_id"), text("other_id")),
            unique=True,
        ),
        Index("ix_duplicate_flags_waiting", "created_at", postgresql_where=text("state = 'pending'")),
    )

    @property
    def mark(self) -> str:
        """Return what a form shows it has seen: a later judgement has another mark."""
        return f"{self.state}-{self.judged_at.timestamp() if self.judged_at else ''}"


class FaceErasure(TimestampMixin, Model):
    """The certificate of one erasure of faces: how many, when, by what rule; signed and append-only."""

    __tablename__ = "face_erasures"

    id: Mapped[int] = mapped_column(primary_key=True)
    voters: Mapped[int]
    templates: Mapped[int]
    pictures: Mapped[int]
    erased_by: Mapped[str]
    reason: Mapped[str]
    certificate: Mapped[str]
    signature: Mapped[bytes]
