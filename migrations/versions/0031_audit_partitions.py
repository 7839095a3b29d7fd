"""The audit log lies in partitions of ten million numbers.

Revision ID: 0031

The old table becomes the first partition, and no row is copied; one scan of its numbers checks the bound, one join the
chain's reference, and both hold up whoever writes an audit row meanwhile.
"""

from pathlib import Path

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.get_bind().connection.cursor().execute((SQL / "audit_partitions.sql").read_text())


def downgrade() -> None:
    op.get_bind().connection.cursor().execute((SQL / "audit_partitions_undone.sql").read_text())
