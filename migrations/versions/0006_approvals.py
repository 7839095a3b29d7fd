"""Dangerous acts wait for a second person; an open election is extended by a signed addendum only.

Revision ID: 0006
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
OUTCOMES = ("waiting", "done", "rejected", "withdrawn", "expired")


def upgrade() -> None:
    create_approvals()
    create_extensions()
    op.get_bind().connection.cursor().execute((SQL / "approvals.sql").read_text())


def create_approvals() -> None:
    outcome = sa.Enum(*OUTCOMES, name="approvaloutcome", native_enum=False, create_constraint=True, length=32)
    op.create_table(
        "approvals",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_by", sa.BigInteger(), nullable=True),
        sa.Column("rejected_by", sa.BigInteger(), nullable=True),
        sa.Column("alone", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("performed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", outcome, server_default="waiting", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_approvals_says_why")),
        sa.CheckConstraint(
            "confirmed_by IS DISTINCT FROM requested_by AND rejected_by IS DISTINCT FROM requested_by",
            name=op.f("ck_approvals_two_people"),
        ),
        sa.CheckConstraint(
            "(outcome = 'done') = (performed_at IS NOT NULL)"
            " AND (outcome = 'done' AND NOT alone) = (confirmed_by IS NOT NULL)"
            " AND (outcome = 'rejected') = (rejected_by IS NOT NULL)"
            " AND (outcome = 'waiting') = (ended_at IS NULL)",
            name=op.f("ck_approvals_outcome_complete"),
        ),
        sa.ForeignKeyConstraint(["election_id"], ["elections.id"], name=op.f("fk_approvals_election_id_elections")),
        *(
            sa.ForeignKeyConstraint([name], ["staff_users.id"], name=op.f(f"fk_approvals_{name}_staff_users"))
            for name in ("requested_by", "confirmed_by", "rejected_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index(op.f("ix_approvals_election_id"), "approvals", ["election_id"], unique=False)
    waiting = sa.text("outcome = 'waiting'")
    op.create_index(
        "uq_approvals_waiting", "approvals", ["act", "election_id"], unique=True, postgresql_where=waiting
    )


def create_extensions() -> None:
    op.create_table(
        "election_extensions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("previous_closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("closes_at > previous_closes_at", name=op.f("ck_election_extensions_later")),
        sa.CheckConstraint("place >= 1", name=op.f("ck_election_extensions_place_from_one")),
        sa.ForeignKeyConstraint(
            ["election_id"], ["elections.id"], name=op.f("fk_election_extensions_election_id_elections")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_election_extensions")),
        sa.UniqueConstraint("election_id", "place", name=op.f("uq_election_extensions_election_id_place")),
    )


def downgrade() -> None:
    raise RuntimeError("Approvals and extensions are evidence; there is nothing to go back to.")
