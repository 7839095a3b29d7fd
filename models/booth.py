"""Kiosks, liveness challenges, ballot passes and the record of every identification attempt."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Model, TimestampMixin, text_enum
from models.elections import Channel, Election
from models.staff import StaffUser
from models.voters import Voter


class AuthResult(enum.StrEnum):
    SUCCESS = "success"
    MISMATCH = "mismatch"
    UNKNOWN = "unknown"


class AuthMethod(enum.StrEnum):
    FACE = "face"
    DOCUMENT = "document"


class DocumentKind(enum.StrEnum):
    """What the officer looked at; never its number."""

    IDENTITY_CARD = "identity_card"
    PASSPORT = "passport"
    DRIVING_LICENCE = "driving_licence"
    OTHER = "other"


class Review(enum.StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class KioskUse(enum.StrEnum):
    """What goes on in the booth, as of the kiosk's last sign of life."""

    IDLE = "idle"
    IDENTIFYING = "identifying"
    VOTING = "voting"


class Kiosk(TimestampMixin, Model):
    """A booth browser: a principal of its own with poll rights only, whoever signed it in."""

    __tablename__ = "kiosks"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"), index=True)
    opened_by: Mapped[int] = mapped_column(ForeignKey("staff_users.id"))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    ip_address: Mapped[str | None]
    last_seen_at: Mapped[datetime]
    state: Mapped[KioskUse] = mapped_column(text_enum(KioskUse), server_default=KioskUse.IDLE)
    ended_at: Mapped[datetime | None]
    stopped_by: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))

    election: Mapped[Election] = relationship()


class BoothNote(TimestampMixin, Model):
    """Why a booth's sheet does not balance, in the words of the staff; append-only.

    `difference` is what the note explains: when the sheet differs by another number, another note is due. A note
    without a kiosk is about votes that belong to no booth.
    """

    __tablename__ = "booth_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"), index=True)
    kiosk_id: Mapped[int | None] = mapped_column(ForeignKey("kiosks.id"))
    staff_user_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id"))
    difference: Mapped[int]
    note: Mapped[str]

    staff_user: Mapped[StaffUser] = relationship()

    __table_args__ = (CheckConstraint("note <> ''", name="says_something"),)


class ClosedBoothSheets(TimestampMixin, Model):
    """All booth sheets of an election as they stood when it closed; append-only.

    The attempts they were counted from may be erased later; what was printed and signed must not change with them.
    """

    __tablename__ = "closed_booth_sheets"

    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"), primary_key=True, autoincrement=False)
    sheets: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class Challenge(TimestampMixin, Model):
    """A random liveness challenge, bound to one kiosk and one voter; finished once."""

    __tablename__ = "challenges"

    id: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()")
    )
    kiosk_id: Mapped[int] = mapped_column(ForeignKey("kiosks.id"), index=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"))
    nonce: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), server_default=text("gen_random_uuid()"))
    steps: Mapped[list[str]] = mapped_column(JSONB)
    state: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    voter: Mapped[Voter] = relationship()

    __table_args__ = (Index("ix_challenges_election_id_voter_id", "election_id", "voter_id"),)

    @property
    def ticket(self) -> str:
        """Return what the page names the challenge by: its id and its nonce, which stands in no list and no event."""
        return f"{self.id}.{self.nonce.hex}"


class BallotPass(TimestampMixin, Model):
    """The right to cast one ballot after a successful check; spent only by an accepted cast."""

    __tablename__ = "ballot_passes"

    id: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()")
    )
    kiosk_id: Mapped[int] = mapped_column(ForeignKey("kiosks.id"), index=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"))
    auth_event_id: Mapped[int | None] = mapped_column(ForeignKey("auth_events.id"))
    expires_at: Mapped[datetime]
    extensions: Mapped[int] = mapped_column(server_default="0")
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    voter: Mapped[Voter] = relationship()

    __table_args__ = (Index("ix_ballot_passes_election_id_voter_id", "election_id", "voter_id"),)


class AuthEvent(TimestampMixin, Model):
    """Every identification attempt, refusals too. Erasable, unlike the audit log: it holds addresses and pictures."""

    __tablename__ = "auth_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int | None] = mapped_column(ForeignKey("elections.id"))
    kiosk_id: Mapped[int | None] = mapped_column(ForeignKey("kiosks.id"))
    attendance_session_id: Mapped[int | None] = mapped_column(
        ForeignKey("attendance_sessions.id", ondelete="SET NULL"), index=True
    )
    voter_id: Mapped[int | None] = mapped_column(ForeignKey("voters.id", ondelete="SET NULL"))
    voter_id_input: Mapped[str]
    result: Mapped[AuthResult] = mapped_column(text_enum(AuthResult))
    method: Mapped[AuthMethod] = mapped_column(text_enum(AuthMethod), server_default=AuthMethod.FACE)
    reason: Mapped[str | None]
    distance: Mapped[float | None]
    suspicion_score: Mapped[float | None]
    liveness: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    snapshot_path: Mapped[str | None]
    ip_address: Mapped[str | None]
    user_agent: Mapped[str | None]
    channel: Mapped[Channel] = mapped_column(text_enum(Channel), server_default=Channel.BOOTH)
    review: Mapped[Review | None] = mapped_column(text_enum(Review))
    document: Mapped[DocumentKind | None] = mapped_column(text_enum(DocumentKind))
    officer_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    second_officer_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    note: Mapped[str | None]
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    reviewed_at: Mapped[datetime | None]
    review_note: Mapped[str | None]

    voter: Mapped[Voter | None] = relationship()
    kiosk: Mapped[Kiosk | None] = relationship()
    reviewer: Mapped[StaffUser | None] = relationship(foreign_keys=[reviewed_by])
    officer: Mapped[StaffUser | None] = relationship(foreign_keys=[officer_id])
    second_officer: Mapped[StaffUser | None] = relationship(foreign_keys=[second_officer_id])

    __table_args__ = (
        CheckConstraint(
            "method <> 'document' OR result <> 'success'"
            " OR (document IS NOT NULL AND officer_id IS NOT NULL AND note IS NOT NULL AND review IS NOT NULL)",
            name="document_is_answered_for",
        ),
        CheckConstraint("second_officer_id <> officer_id", name="two_people"),
        CheckConstraint("suspicion_score IS NULL OR suspicion_score BETWEEN 0 AND 1", name="suspicion_range"),
        Index("ix_auth_events_election_id_voter_id_created_at", "election_id", "voter_id", "created_at"),
        Index("ix_auth_events_kiosk_id_created_at", "kiosk_id", "created_at"),
        CheckConstraint("(reviewed_by IS NULL) = (reviewed_at IS NULL)", name="reviewed_by_somebody"),
        Index("ix_auth_events_election_id_id", "election_id", "id"),
        Index(
            "ix_auth_events_doubted", "election_id", "id", postgresql_where=text("review IN ('pending', 'rejected')")
        ),
        Index(
            "ix_auth_events_alerts",
            "election_id",
            "created_at",
            "id",
            postgresql_where=text("result <> 'success' OR method = 'document'"),
        ),
        Index("ix_auth_events_kept_pictures", "created_at", postgresql_where=text("snapshot_path IS NOT NULL")),
    )

    @property
    def confirmed_by_one(self) -> bool:
        """Tell whether one person alone answers for this identification by document."""
        return self.officer_id is not None and self.second_officer_id is None

    @property
    def review_mark(self) -> str:
        """Return what a form shows it has seen: a later judgement has another mark."""
        return f"{self.review or ''}-{self.reviewed_at.timestamp() if self.reviewed_at else ''}"
