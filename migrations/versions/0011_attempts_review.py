"""Attempts are reviewed by somebody; faces are compared with all others, and erased with a certificate.

Revision ID: 0011
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
STATES = ("pending", "same_person", "different")


def upgrade() -> None:
    add_reviews()
    op.add_column("consents", sa.Column("faces_erased_at", sa.DateTime(timezone=True), nullable=True))
    create_means()
    create_flags()
    create_erasures()
    op.get_bind().connection.cursor().execute((SQL / "attempts_review.sql").read_text())


def add_reviews() -> None:
    op.add_column("auth_events", sa.Column("reviewed_by", sa.BigInteger(), nullable=True))
    op.add_column("auth_events", sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("auth_events", sa.Column("review_note", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_auth_events_reviewed_by_staff_users"), "auth_events", "staff_users", ["reviewed_by"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_auth_events_reviewed_by_somebody"), "auth_events", "(reviewed_by IS NULL) = (reviewed_at IS NULL)"
    )
    op.create_index("ix_auth_events_election_id_id", "auth_events", ["election_id", "id"])
    doubted = sa.text("review IN ('pending', 'rejected')")
    op.create_index("ix_auth_events_doubted", "auth_events", ["election_id", "id"], postgresql_where=doubted)


def create_means() -> None:
    op.execute("CREATE SEQUENCE face_means_version_seq")
    version = sa.text("nextval('face_means_version_seq')")
    op.create_table(
        "face_means",
        sa.Column("voter_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("encoding", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=version, nullable=False),
        sa.ForeignKeyConstraint(
            ["voter_id"], ["voters.id"], name=op.f("fk_face_means_voter_id_voters"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("voter_id", name=op.f("pk_face_means")),
        sa.UniqueConstraint("version", name=op.f("uq_face_means_version")),
    )


def create_flags() -> None:
    state = sa.Enum(*STATES, name="sameface", native_enum=False, length=32)
    op.create_table(
        "duplicate_flags",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("voter_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("distance", sa.Float(), nullable=False),
        sa.Column("state", state, server_default="pending", nullable=False),
        sa.Column("judged_by", sa.BigInteger(), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("voter_id <> other_id", name=op.f("ck_duplicate_flags_two_voters")),
        sa.CheckConstraint(
            "(state = 'pending') = (judged_by IS NULL AND judged_at IS NULL)",
            name=op.f("ck_duplicate_flags_judged_by_somebody"),
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'same_person', 'different')", name=op.f("ck_duplicate_flags_sameface")
        ),
        sa.ForeignKeyConstraint(
            ["voter_id"], ["voters.id"], name=op.f("fk_duplicate_flags_voter_id_voters"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["voters.id"], name=op.f("fk_duplicate_flags_other_id_voters"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["judged_by"], ["staff_users.id"], name=op.f("fk_duplicate_flags_judged_by_staff_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_flags")),
    )
    op.create_index(op.f("ix_duplicate_flags_voter_id"), "duplicate_flags", ["voter_id"])
    op.create_index(op.f("ix_duplicate_flags_other_id"), "duplicate_flags", ["other_id"])
    pair = [sa.text("least(voter_id, other_id)"), sa.text("greatest(voter_id, other_id)")]
    op.create_index("uq_duplicate_flags_pair", "duplicate_flags", pair, unique=True)
    waiting = sa.text("state = 'pending'")
    op.create_index("ix_duplicate_flags_waiting", "duplicate_flags", ["created_at"], postgresql_where=waiting)


def create_erasures() -> None:
    counts = [sa.Column(name, sa.BigInteger(), nullable=False) for name in ("voters", "templates", "pictures")]
    words = [sa.Column(name, sa.Text(), nullable=False) for name in ("erased_by", "reason", "certificate")]
    op.create_table(
        "face_erasures",
        sa.Column("id", sa.BigInteger(), nullable=False),
        *counts,
        *words,
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_face_erasures")),
    )


def downgrade() -> None:
    raise RuntimeError("Reviews and certificates are kept; there is nothing to go back to.")
