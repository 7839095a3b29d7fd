"""Meetings: sessions that members check in to, devices, check-ins under way, records, and flags that need a look."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Model, TimestampMixin, text_enum
from models.staff import StaffUser
from models.voters import Group, Voter


class Layer(enum.StrEnum):
    """What a check-in may be asked for after the code, in this order."""

    DEVICE = "device"
    LOCATION = "location"
    SELFIE = "selfie"
    ROOM = "room"


class DeviceKind(enum.StrEnum):
    """A key pair made in a browser, or the platform ID that an app reports."""

    KEY = "key"
    PLATFORM = "platform"


class DeviceStatus(enum.StrEnum):
    WAITING = "waiting"
    ACTIVE = "active"
    RETIRED = "retired"
    REFUSED = "refused"


class ResetDecision(enum.StrEnum):
    APPROVED = "approved"
    REFUSED = "refused"


class RecordStatus(enum.StrEnum):
    CONFIRMED = "confirmed"
    FLAGGED = "flagged"
    REJECTED = "rejected"


class FlagKind(enum.StrEnum):
    """Why somebody should look at a check-in; none of them refuses it."""

    OUT_OF_TIME = "out_of_time"
    LAYER_MISSING = "layer_missing"
    OTHER_DEVICE = "other_device"
    SHARED_DEVICE = "shared_device"
    BAD_SIGNATURE = "bad_signature"
    OUTSIDE_FENCE = "outside_fence"
    POOR_ACCURACY = "poor_accuracy"
    ZERO_ACCURACY = "zero_accuracy"
    MOCK_LOCATION = "mock_location"
    IMPOSSIBLE_JUMP = "impossible_jump"
    FACE_DOUBTFUL = "face_doubtful"
    MULTIPLE_FACES = "multiple_faces"
    SAME_PHOTO = "same_photo"


class AttendanceSession(TimestampMixin, Model):
    """One meeting of a group. Codes are derived from `code_secret` (a Fernet token), and stand nowhere in clear."""

    __tablename__ = "attendance_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"), index=True)
    title: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    late_after_minutes: Mapped[int] = mapped_column(server_default="10")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    radius_m: Mapped[int | None]
    layers: Mapped[list[str]] = mapped_column(JSONB)
    rolling: Mapped[bool] = mapped_column(server_default="false")
    code_secret: Mapped[bytes]
    code_version: Mapped[int] = mapped_column(server_default="1", default=1)
    code_expires_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    created_by: Mapped[int] = mapped_column(ForeignKey("staff_users.id"), index=True)

    group: Mapped[Group] = relationship()
    creator: Mapped[StaffUser] = relationship()

    @property
    def over_at(self) -> datetime:
        """Return when the meeting ends, or ended."""
        return self.ends_at if self.closed_at is None else min(self.closed_at, self.ends_at)

    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("late_after_minutes BETWEEN 0 AND 1440", name="late_range"),
        CheckConstraint("num_nulls(latitude, longitude, radius_m) IN (0, 3)", name="place_is_whole"),
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="on_earth"),
        CheckConstraint("radius_m BETWEEN 10 AND 100000", name="radius_range"),
        CheckConstraint("latitude IS NOT NULL OR NOT layers ? 'location'", name="location_has_place"),
        Index("ix_attendance_sessions_open", "ends_at", postgresql_where=text("closed_at IS NULL")),
    )


class Device(TimestampMixin, Model):
    """A phone or browser of one member: the public half of its key, or a keyed hash of the app's platform ID.

    `fingerprint` is the same for the same device whoever uses it, so that two members with one device are seen.
    """

    __tablename__ = "devices"

    id: Mapped[int] = mapped_column(primary_key=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"))
    kind: Mapped[DeviceKind] = mapped_column(text_enum(DeviceKind))
    fingerprint: Mapped[bytes] = mapped_column(index=True)
    public_key: Mapped[bytes | None]
    label: Mapped[str]
    status: Mapped[DeviceStatus] = mapped_column(text_enum(DeviceStatus))

    voter: Mapped[Voter] = relationship()

    __table_args__ = (
        UniqueConstraint("voter_id", "fingerprint"),
        CheckConstraint("(kind = 'key') = (public_key IS NOT NULL)", name="key_has_public_half"),
        Index("uq_devices_active", "voter_id", unique=True, postgresql_where=text("status = 'active'")),
    )


class DeviceResetRequest(TimestampMixin, Model):
    """A member asks for another device in place of the bound one; an admin decides."""

    __tablename__ = "device_reset_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    reason: Mapped[str]
    decision: Mapped[ResetDecision | None] = mapped_column(text_enum(ResetDecision))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    decided_at: Mapped[datetime | None]
    note: Mapped[str | None]

    device: Mapped[Device] = relationship()
    decider: Mapped[StaffUser | None] = relationship(foreign_keys=[decided_by])

    __table_args__ = (
        CheckConstraint("num_nulls(decision, decided_by, decided_at) IN (0, 3)", name="decided_by_somebody"),
        Index("uq_device_reset_requests_open", "device_id", unique=True, postgresql_where=text("decision IS NULL")),
    )


class AttendanceAttempt(TimestampMixin, Model):
    """A check-in under way, from the accepted code to the record. `nonce` is what the device signs, once.

    `steps` and `state` are those of the live challenge (services.identification.runs).
    """

    __tablename__ = "attendance_attempts"

    id: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()")
    )
    session_id: Mapped[int] = mapped_column(ForeignKey("attendance_sessions.id", ondelete="CASCADE"))
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"), index=True)
    nonce: Mapped[bytes]
    device_id: Mapped[int | None] = mapped_column(ForeignKey("devices.id", ondelete="SET NULL"))
    layers: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    flags: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    steps: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    state: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    tries: Mapped[int] = mapped_column(server_default="0", default=0)
    challenge_expires_at: Mapped[datetime | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    selfie_path: Mapped[str | None]
    selfie_hash: Mapped[int | None]
    room_path: Mapped[str | None]
    room_hash: Mapped[int | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    session: Mapped[AttendanceSession] = relationship()
    voter: Mapped[Voter] = relationship()

    __table_args__ = (
        Index(
            "uq_attendance_attempts_open", "session_id", "voter_id", unique=True,
            postgresql_where=text("used_at IS NULL"),
        ),
    )  # fmt: skip


class AttendanceRecord(TimestampMixin, Model):
    """That a member was there: one a member a session. `entered_by` and `reason`: an officer checked in by hand."""

    __tablename__ = "attendance_records"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("attendance_sessions.id"))
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id", ondelete="CASCADE"), index=True)
    device_id: Mapped[int | None] = mapped_column(ForeignKey("devices.id", ondelete="SET NULL"))
    status: Mapped[RecordStatus] = mapped_column(text_enum(RecordStatus))
    checked_in_at: Mapped[datetime]
    late: Mapped[bool] = mapped_column(server_default="false")
    left_at: Mapped[datetime | None]
    layers: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    selfie_path: Mapped[str | None]
    selfie_hash: Mapped[int | None]
    room_path: Mapped[str | None]
    room_hash: Mapped[int | None]
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    reason: Mapped[str | None]
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id"))
    reviewed_at: Mapped[datetime | None]
    review_note: Mapped[str | None]
    objection: Mapped[str | None]
    objected_at: Mapped[datetime | None]

    session: Mapped[AttendanceSession] = relationship()
    voter: Mapped[Voter] = relationship()
    enterer: Mapped[StaffUser | None] = relationship(foreign_keys=[entered_by])
    reviewer: Mapped[StaffUser | None] = relationship(foreign_keys=[reviewed_by])
    flags: Mapped[list[PresenceFlag]] = relationship(
        order_by="PresenceFlag.id", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        UniqueConstraint("session_id", "voter_id"),
        CheckConstraint("(entered_by IS NULL) = (reason IS NULL)", name="by_hand_with_reason"),
        CheckConstraint("num_nulls(reviewed_by, reviewed_at, review_note) IN (0, 3)", name="reviewed_by_somebody"),
        CheckConstraint("(objection IS NULL) = (objected_at IS NULL)", name="objected_once"),
        CheckConstraint("left_at >= checked_in_at", name="left_after_coming"),
        CheckConstraint("objected_at IS NULL OR reviewed_at IS NOT NULL", name="objected_to_a_decision"),
        Index("ix_attendance_records_flagged", "session_id", postgresql_where=text("status = 'flagged'")),
    )

    @property
    def objection_waits(self) -> bool:
        """Tell whether the member objected and nobody decided since."""
        return bool(self.objected_at and self.reviewed_at and self.reviewed_at <= self.objected_at)

    @property
    def is_final(self) -> bool:
        """Tell whether the decision came after the objection: it stands."""
        return self.objected_at is not None and not self.objection_waits

    @property
    def review_mark(self) -> str:
        """Return what a form shows it has seen: a later decision or objection has another mark."""
        moments = (self.reviewed_at, self.objected_at)
        return "-".join([self.status.value, *(str(one.timestamp()) if one else "" for one in moments)])


class PresenceFlag(TimestampMixin, Model):
    """One reason to look at a record, with its evidence: figures and row ids, no picture and no face."""

    __tablename__ = "presence_flags"

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("attendance_records.id", ondelete="CASCADE"))
    kind: Mapped[FlagKind] = mapped_column(text_enum(FlagKind))
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")

    __table_args__ = (UniqueConstraint("record_id", "kind"),)
