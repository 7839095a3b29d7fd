"""Casting asks in the database whether the voter is suspended: one committed in the same instant is not missed.

Revision ID: 0021
"""

from pathlib import Path

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.get_bind().connection.cursor().execute((SQL / "suspension_in_cast.sql").read_text())


def downgrade() -> None:
    raise RuntimeError("Casting without the check of a suspension is nothing to go back to.")
