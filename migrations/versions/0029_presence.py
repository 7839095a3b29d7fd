"""Votes in a meeting: who must be present, what majority carries, and how many were there, as counts only.

Revision ID: 0029
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.add_column("elections", sa.Column("meeting_id", sa.BigInteger(), nullable=True))
    op.add_column("elections", sa.Column("present_at_opening", sa.BigInteger(), nullable=True))
    op.add_column("elections", sa.Column("present_at_closing", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_elections_meeting_id"), "elections", ["meeting_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_elections_meeting_id_attendance_sessions"), "elections", "attendance_sessions", ["meeting_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_elections_meeting_has_rule"), "elections", "meeting_id IS NULL OR quorum_rule IS NOT NULL"
    )
    op.create_check_constraint(
        op.f("ck_elections_present_counts"), "elections", "present_at_opening >= 0 AND present_at_closing >= 0"
    )
    op.get_bind().connection.cursor().execute((SQL / "presence.sql").read_text())


def downgrade() -> None:
    raise RuntimeError("What a vote in a meeting was bound to is signed; there is nothing to go back to.")
