"""The live desk finds the last refused attempts without reading all attempts.

Revision ID: 0032

Making the index reads the attempts once, and holds up whoever writes one meanwhile: 0.1 s at 300,000
(`benchmarks.recent_alerts`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

NAME = "ix_auth_events_alerts"


def upgrade() -> None:
    op.create_index(
        NAME,
        "auth_events",
        ["election_id", "created_at", "id"],
        postgresql_where=sa.text("result <> 'success' OR method = 'document'"),
    )


def downgrade() -> None:
    op.drop_index(NAME, table_name="auth_events")
