"""Workers leave a sign of life, so that health checks and metrics see whether one runs.

Revision ID: 0010
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.create_table(
        "worker_beats",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker_beats")),
    )
    op.get_bind().connection.cursor().execute((SQL / "live_desk.sql").read_text())


def downgrade() -> None:
    op.drop_table("worker_beats")
