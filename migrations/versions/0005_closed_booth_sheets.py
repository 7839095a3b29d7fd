"""Booth sheets are kept as they stood at closing, so that no later erasure of attempts changes a printed sheet.

Elections that were closed before have no such row: their sheets stay counted from what is there.

Revision ID: 0005
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.create_table(
        "closed_booth_sheets",
        sa.Column("election_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sheets", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["election_id"], ["elections.id"], name=op.f("fk_closed_booth_sheets_election_id_elections")
        ),
        sa.PrimaryKeyConstraint("election_id", name=op.f("pk_closed_booth_sheets")),
    )
    op.get_bind().connection.cursor().execute((SQL / "closed_booth_sheets.sql").read_text())


def downgrade() -> None:
    raise RuntimeError("Booth sheets of closed elections are kept; there is nothing to go back to.")
