"""The rounds of a ranked count, and what a committee decided where a count did not: counts stay as they are."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Model, TimestampMixin, text_enum
from models.staff import StaffUser


class LotMethod(enum.StrEnum):
    DRAWN = "drawn"
    PUBLISHED = "published"


class TieResolution(TimestampMixin, Model):
    """How the tie of a final count was resolved; one an election, append-only.

    `recorded_by` is who asked for it, `staff_user` who confirmed it.

    `lots` are ids of candidates in the order of the lots, 0 for NOTA; `elected` are all who are elected by the count
    and the lots together.
    """

    __tablename__ = "tie_resolutions"

    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"), primary_key=True, autoincrement=False)
    method: Mapped[LotMethod] = mapped_column(text_enum(LotMethod))
    lots: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    elected: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    drawn_at: Mapped[datetime]
    drawn_by: Mapped[str]
    how: Mapped[str]
    witnesses: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    recorded_by: Mapped[str]
    staff_user_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))

    staff_user: Mapped[StaffUser | None] = relationship()

    __table_args__ = (
        CheckConstraint("cardinality(lots) > 0", name="lots_drawn"),
        CheckConstraint("drawn_by <> '' AND how <> ''", name="says_who_and_how"),
    )


class RankedCount(TimestampMixin, Model):
    """The count of a closed ranked election, every round of it; made by the worker, one an election, append-only.

    `content` is what `services.counting.Count.as_dict` returns; it follows from the ballots and can be made again.
    """

    __tablename__ = "ranked_counts"

    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"), primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
