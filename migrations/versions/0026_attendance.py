"""Attendance: meetings, devices of members, check-ins under way, records, and flags that need a look.

Revision ID: 0026
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
TABLES = (
    "presence_flags", "device_reset_requests", "attendance_records", "attendance_attempts", "devices",
    "attendance_sessions",
)  # fmt: skip


def upgrade() -> None:
    create_attendance_sessions()
    create_devices()
    create_attendance_attempts()
    create_attendance_records()
    create_device_reset_requests()
    create_presence_flags()
    extend_auth_events()
    op.get_bind().connection.cursor().execute((SQL / "attendance.sql").read_text())


def create_attendance_sessions() -> None:
    op.create_table(
        "attendance_sessions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late_after_minutes", sa.BigInteger(), server_default="10", nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("radius_m", sa.BigInteger(), nullable=True),
        sa.Column("layers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rolling", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("code_secret", sa.LargeBinary(), nullable=False),
        sa.Column("code_version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "latitude IS NOT NULL OR NOT layers ? 'location'", name=op.f("ck_attendance_sessions_location_has_place")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_attendance_sessions_ends_after_start")),
        sa.CheckConstraint("late_after_minutes BETWEEN 0 AND 1440", name=op.f("ck_attendance_sessions_late_range")),
        sa.CheckConstraint(
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
            name=op.f("ck_attendance_sessions_on_earth"),
        ),
        sa.CheckConstraint(
            "num_nulls(latitude, longitude, radius_m) IN (0, 3)", name=op.f("ck_attendance_sessions_place_is_whole")
        ),
        sa.CheckConstraint("radius_m BETWEEN 10 AND 100000", name=op.f("ck_attendance_sessions_radius_range")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["staff_users.id"], name=op.f("fk_attendance_sessions_created_by_staff_users")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_attendance_sessions_group_id_groups")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_sessions")),
    )
    op.create_index(op.f("ix_attendance_sessions_created_by"), "attendance_sessions", ["created_by"], unique=False)
    op.create_index(op.f("ix_attendance_sessions_group_id"), "attendance_sessions", ["group_id"], unique=False)
    op.create_index(
        "ix_attendance_sessions_open",
        "attendance_sessions",
        ["ends_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def create_devices() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("voter_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("key", "platform", name="devicekind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "active",
                "retired",
                "refused",
                name="devicestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(kind = 'key') = (public_key IS NOT NULL)", name=op.f("ck_devices_key_has_public_half")),
        sa.ForeignKeyConstraint(
            ["voter_id"], ["voters.id"], name=op.f("fk_devices_voter_id_voters"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("voter_id", "fingerprint", name=op.f("uq_devices_voter_id_fingerprint")),
    )
    op.create_index(op.f("ix_devices_fingerprint"), "devices", ["fingerprint"], unique=False)
    op.create_index(
        "uq_devices_active", "devices", ["voter_id"], unique=True, postgresql_where=sa.text("status = 'active'")
    )


def create_attendance_attempts() -> None:
    op.create_table(
        "attendance_attempts",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("voter_id", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("layers", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("flags", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("challenge_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("selfie_path", sa.Text(), nullable=True),
        sa.Column("selfie_hash", sa.BigInteger(), nullable=True),
        sa.Column("room_path", sa.Text(), nullable=True),
        sa.Column("room_hash", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["attendance_sessions.id"],
            name=op.f("fk_attendance_attempts_session_id_attendance_sessions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_attendance_attempts_device_id_devices"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["voter_id"], ["voters.id"], name=op.f("fk_attendance_attempts_voter_id_voters"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_attempts")),
    )
    op.create_index(op.f("ix_attendance_attempts_voter_id"), "attendance_attempts", ["voter_id"], unique=False)
    op.create_index(
        "uq_attendance_attempts_open",
        "attendance_attempts",
        ["session_id", "voter_id"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL"),
    )


def create_attendance_records() -> None:
    op.create_table(
        "attendance_records",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("voter_id", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "confirmed",
                "flagged",
                "rejected",
                name="recordstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("checked_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("layers", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("selfie_path", sa.Text(), nullable=True),
        sa.Column("selfie_hash", sa.BigInteger(), nullable=True),
        sa.Column("room_path", sa.Text(), nullable=True),
        sa.Column("room_hash", sa.BigInteger(), nullable=True),
        sa.Column("entered_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reviewed_by", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_note", sa.Text(), nullable=True),
        sa.Column("objection", sa.Text(), nullable=True),
        sa.Column("objected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(entered_by IS NULL) = (reason IS NULL)", name=op.f("ck_attendance_records_by_hand_with_reason")
        ),
        sa.CheckConstraint(
            "(objection IS NULL) = (objected_at IS NULL)", name=op.f("ck_attendance_records_objected_once")
        ),
        sa.CheckConstraint("left_at >= checked_in_at", name=op.f("ck_attendance_records_left_after_coming")),
        sa.CheckConstraint(
            "num_nulls(reviewed_by, reviewed_at, review_note) IN (0, 3)",
            name=op.f("ck_attendance_records_reviewed_by_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["attendance_sessions.id"],
            name=op.f("fk_attendance_records_session_id_attendance_sessions"),
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_attendance_records_device_id_devices"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["entered_by"], ["staff_users.id"], name=op.f("fk_attendance_records_entered_by_staff_users")
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by"], ["staff_users.id"], name=op.f("fk_attendance_records_reviewed_by_staff_users")
        ),
        sa.ForeignKeyConstraint(
            ["voter_id"], ["voters.id"], name=op.f("fk_attendance_records_voter_id_voters"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_records")),
        sa.UniqueConstraint("session_id", "voter_id", name=op.f("uq_attendance_records_session_id_voter_id")),
    )
    op.create_index(op.f("ix_attendance_records_voter_id"), "attendance_records", ["voter_id"], unique=False)


def create_device_reset_requests() -> None:
    op.create_table(
        "device_reset_requests",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "decision",
            sa.Enum("approved", "refused", name="resetdecision", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "num_nulls(decision, decided_by, decided_at) IN (0, 3)",
            name=op.f("ck_device_reset_requests_decided_by_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff_users.id"], name=op.f("fk_device_reset_requests_decided_by_staff_users")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_device_reset_requests_device_id_devices"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_reset_requests")),
    )
    op.create_index(
        "uq_device_reset_requests_open",
        "device_reset_requests",
        ["device_id"],
        unique=True,
        postgresql_where=sa.text("decision IS NULL"),
    )


def create_presence_flags() -> None:
    op.create_table(
        "presence_flags",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "out_of_time",
                "layer_missing",
                "other_device",
                "shared_device",
                "bad_signature",
                "outside_fence",
                "poor_accuracy",
                "zero_accuracy",
                "mock_location",
                "impossible_jump",
                "face_doubtful",
                "multiple_faces",
                "same_photo",
                name="flagkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["attendance_records.id"],
            name=op.f("fk_presence_flags_record_id_attendance_records"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence_flags")),
        sa.UniqueConstraint("record_id", "kind", name=op.f("uq_presence_flags_record_id_kind")),
    )


def extend_auth_events() -> None:
    op.add_column("auth_events", sa.Column("attendance_session_id", sa.BigInteger(), nullable=True))
    op.create_index(
        op.f("ix_auth_events_attendance_session_id"), "auth_events", ["attendance_session_id"], unique=False
    )
    op.create_foreign_key(
        op.f("fk_auth_events_attendance_session_id_attendance_sessions"),
        "auth_events",
        "attendance_sessions",
        ["attendance_session_id"],
        ["id"],
        ondelete="SET NULL",
    )


def downgrade() -> None:
    op.drop_column("auth_events", "attendance_session_id")
    for name in TABLES:
        op.drop_table(name)
