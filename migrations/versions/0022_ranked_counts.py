"""Ranked ballots are counted in rounds: first preferences are tallied at sealing, the rounds are kept for good.

Revision ID: 0022
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.create_table(
        "ranked_counts",
        sa.Column("election_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["election_id"], ["elections.id"], name=op.f("fk_ranked_counts_election_id_elections")),
        sa.PrimaryKeyConstraint("election_id", name=op.f("pk_ranked_counts")),
    )
    op.get_bind().connection.cursor().execute((SQL / "ranked_counts.sql").read_text())


def downgrade() -> None:
    raise RuntimeError("Counts are evidence; there is nothing to go back to.")
