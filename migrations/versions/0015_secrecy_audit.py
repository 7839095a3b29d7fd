"""Runs of the self-attack: written by the owner of the database, read by the desk.

Revision ID: 0015
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.create_table(
        "secrecy_audits",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("votes", sa.BigInteger(), nullable=False),
        sa.Column("ballots", sa.BigInteger(), nullable=False),
        sa.Column("linked", sa.BigInteger(), nullable=False),
        sa.Column("exposed", sa.Boolean(), nullable=False),
        sa.Column("unanimous", sa.Boolean(), nullable=False),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("linked >= 0 AND votes >= 0 AND ballots >= 0", name=op.f("ck_secrecy_audits_counts")),
        sa.ForeignKeyConstraint(["election_id"], ["elections.id"], name=op.f("fk_secrecy_audits_election_id_elections")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secrecy_audits")),
    )
    op.create_index("ix_secrecy_audits_election_id_id", "secrecy_audits", ["election_id", "id"], unique=False)
    op.get_bind().connection.cursor().execute((SQL / "secrecy_audit.sql").read_text())


def downgrade() -> None:
    op.drop_table("secrecy_audits")
