"""Dangerous acts under four eyes, and the signed extensions of elections."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Model, TimestampMixin, text_enum
from models.elections import Election
from models.staff import StaffUser


class ApprovalOutcome(enum.StrEnum):
    WAITING = "waiting"
    DONE = "done"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Approval(TimestampMixin, Model):
    """A dangerous act somebody asked for; what was asked never changes, and its outcome is written once.

    `alone` is true where nobody else could confirm: the only admin typed password and title instead.
    """

    __tablename__ = "approvals"

    id: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[str]
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"), index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    reason: Mapped[str]
    requested_by: Mapped[int] = mapped_column(ForeignKey("staff_users.id"))
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    rejected_by: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    alone: Mapped[bool] = mapped_column(server_default="false", default=False)
    note: Mapped[str] = mapped_column(server_default="", default="")
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    performed_at: Mapped[datetime | None]
    outcome: Mapped[ApprovalOutcome] = mapped_column(
        text_enum(ApprovalOutcome), server_default=ApprovalOutcome.WAITING, default=ApprovalOutcome.WAITING
    )

    election: Mapped[Election] = relationship()
    requester: Mapped[StaffUser] = relationship(foreign_keys=[requested_by])
    confirmer: Mapped[StaffUser | None] = relationship(foreign_keys=[confirmed_by])
    rejecter: Mapped[StaffUser | None] = relationship(foreign_keys=[rejected_by])

    __table_args__ = (
        CheckConstraint("reason <> ''", name="says_why"),
        CheckConstraint(
            "confirmed_by IS DISTINCT FROM requested_by AND rejected_by IS DISTINCT FROM requested_by",
            name="two_people",
        ),
        CheckConstraint(
            "(outcome = 'done') = (performed_at IS NOT NULL)"
            " AND (outcome = 'done' AND NOT alone) = (confirmed_by IS NOT NULL)"
            " AND (outcome = 'rejected') = (rejected_by IS NOT NULL)"
            " AND (outcome = 'waiting') = (ended_at IS NULL)",
            name="outcome_complete",
        ),
        Index("uq_approvals_waiting", "act", "election_id", unique=True, postgresql_where=text("outcome = 'waiting'")),
    )


class ElectionExtension(TimestampMixin, Model):
    """A signed addendum to the definition of an open election: it closes later than was signed. Append-only."""

    __tablename__ = "election_extensions"

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    place: Mapped[int]
    previous_closes_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    reason: Mapped[str]
    signature: Mapped[bytes]

    __table_args__ = (
        UniqueConstraint("election_id", "place"),
        CheckConstraint("closes_at > previous_closes_at", name="later"),
        CheckConstraint("place >= 1", name="place_from_one"),
    )
