"""Elections, their choices, their staff and their electoral roll."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, CIDR, JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import Text

from models.base import Model, TimestampMixin, text_enum
from models.voters import Voter


class ElectionStatus(enum.StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    CLOSED = "closed"
    ARCHIVED = "archived"


class Method(enum.StrEnum):
    PLURALITY = "plurality"
    APPROVAL = "approval"
    RANKED = "ranked"


class Secrecy(enum.StrEnum):
    SECRET = "secret"  # noqa: S105 (a kind of election, no password)
    RECORDED = "recorded"


class ResultsPolicy(enum.StrEnum):
    LIVE = "live"
    AFTER_CLOSE = "after_close"


class NotaRule(enum.StrEnum):
    """What NOTA with the most votes means; written before voting, part of the signed definition."""

    NO_ONE = "no_one"
    ADVISORY = "advisory"


class Channel(enum.StrEnum):
    BOOTH = "booth"
    LINK = "link"
    ACCOUNT = "account"


class QuorumKind(enum.StrEnum):
    """How many of a meeting's members must be present: a share of the group, or a number."""

    MORE_THAN_HALF = "more_than_half"
    TENTH = "tenth"
    QUARTER = "quarter"
    THIRD = "third"
    HALF = "half"
    TWO_THIRDS = "two_thirds"
    THREE_QUARTERS = "three_quarters"
    NUMBER = "number"


class MajorityKind(enum.StrEnum):
    """What carries a motion, or elects a name, in a meeting."""

    SIMPLE = "simple"
    ABSOLUTE = "absolute"
    ABSOLUTE_MEMBERS = "absolute_members"
    TWO_THIRDS = "two_thirds"
    TWO_THIRDS_MEMBERS = "two_thirds_members"


class CandidateOrder(enum.StrEnum):
    """The order of the names at the booth; shuffled means drawn anew for every ballot."""

    FIXED = "fixed"
    SHUFFLED = "shuffled"


class Election(TimestampMixin, Model):
    """An election; `public_id` is its name in definitions, ballots and key files."""

    __tablename__ = "elections"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), unique=True, server_default=text("gen_random_uuid()")
    )
    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    status: Mapped[ElectionStatus] = mapped_column(text_enum(ElectionStatus), server_default=ElectionStatus.DRAFT)
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closing_signature: Mapped[bytes | None]
    method: Mapped[Method] = mapped_column(text_enum(Method), server_default=Method.PLURALITY)
    seats: Mapped[int] = mapped_column(server_default="1")
    max_choices: Mapped[int] = mapped_column(server_default="1")
    secrecy: Mapped[Secrecy] = mapped_column(text_enum(Secrecy), server_default=Secrecy.SECRET)
    results_policy: Mapped[ResultsPolicy] = mapped_column(
        text_enum(ResultsPolicy), server_default=ResultsPolicy.AFTER_CLOSE
    )
    live_batch: Mapped[int | None]
    nota_rule: Mapped[NotaRule | None] = mapped_column(text_enum(NotaRule), server_default=NotaRule.NO_ONE)
    lot_order: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    channels: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{booth}")
    allowed_networks: Mapped[list[str]] = mapped_column(ARRAY(CIDR), server_default="{}")
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("attendance_sessions.id"), index=True)
    quorum_rule: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    present_at_opening: Mapped[int | None]
    present_at_closing: Mapped[int | None]
    candidate_order: Mapped[CandidateOrder] = mapped_column(
        text_enum(CandidateOrder), server_default=CandidateOrder.FIXED
    )
    confirmation_text: Mapped[str] = mapped_column(server_default="")
    opens_without_faces: Mapped[bool] = mapped_column(server_default="false")
    identity_check: Mapped[bool] = mapped_column(server_default="false")
    opens_by_itself: Mapped[bool] = mapped_column(server_default="false")
    opening_problem: Mapped[str | None]
    opening_failed_at: Mapped[datetime | None]
    ballot_length: Mapped[int | None]
    box_public_key: Mapped[bytes | None]
    definition: Mapped[str | None]
    definition_hash: Mapped[bytes | None]
    definition_signature: Mapped[bytes | None]
    previous_round_id: Mapped[int | None] = mapped_column(ForeignKey("elections.id"))
    box_key_destroyed_at: Mapped[datetime | None]

    candidates: Mapped[list[Candidate]] = relationship(order_by="Candidate.display_order, Candidate.id", viewonly=True)

    __table_args__ = (
        UniqueConstraint("id", "secrecy"),
        UniqueConstraint("id", "ballot_length"),
        CheckConstraint("closes_at > opens_at", name="closes_after_opening"),
        CheckConstraint("live_batch IS NULL OR live_batch >= 50", name="live_batch_size"),
        CheckConstraint("max_choices >= 1 AND seats >= 1", name="choices_positive"),
        CheckConstraint("channels <@ ARRAY['booth','link','account']", name="channels_known"),
        CheckConstraint("cardinality(channels) >= 1", name="has_a_channel"),
        CheckConstraint("status = 'draft' OR NOT opens_by_itself", name="schedule_of_drafts"),
        CheckConstraint("meeting_id IS NULL OR quorum_rule IS NOT NULL", name="meeting_has_rule"),
        CheckConstraint("present_at_opening >= 0 AND present_at_closing >= 0", name="present_counts"),
        CheckConstraint(
            "status = 'draft' OR (definition IS NOT NULL AND definition_hash IS NOT NULL"
            " AND definition_signature IS NOT NULL AND activated_at IS NOT NULL"
            " AND (secrecy = 'recorded' OR (box_public_key IS NOT NULL AND ballot_length IS NOT NULL)))",
            name="defined_when_active",
        ),
    )

    @property
    def is_secret(self) -> bool:
        return self.secrecy is Secrecy.SECRET


class ElectionStaff(Model):
    __tablename__ = "election_staff"

    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id", ondelete="CASCADE"), primary_key=True)
    staff_user_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id", ondelete="CASCADE"), primary_key=True)


class Party(TimestampMixin, Model):
    __tablename__ = "parties"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    symbol_path: Mapped[str | None]


class Candidate(TimestampMixin, Model):
    """A choice on the ballot of one election; frozen by a trigger once that election is active."""

    __tablename__ = "candidates"

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id", ondelete="CASCADE"), index=True)
    party_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id", ondelete="RESTRICT"), index=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    image_path: Mapped[str | None]
    display_order: Mapped[int] = mapped_column(server_default="0")

    party: Mapped[Party | None] = relationship()
    election: Mapped[Election] = relationship()

    __table_args__ = (UniqueConstraint("id", "election_id"), UniqueConstraint("election_id", "name"))


class RollEntry(TimestampMixin, Model):
    """A voter's place on the electoral roll; `has_voted` is set by the trigger on `votes` only."""

    __tablename__ = "roll_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id", ondelete="CASCADE"))
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="RESTRICT"), index=True)
    has_voted: Mapped[bool] = mapped_column(server_default="false")
    channel: Mapped[Channel | None] = mapped_column(text_enum(Channel))

    voter: Mapped[Voter] = relationship()
    election: Mapped[Election] = relationship()

    __table_args__ = (UniqueConstraint("election_id", "voter_id"),)
