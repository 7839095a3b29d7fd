"""Challenges carry a nonce; what a booth tried and what pictures are kept is found without reading every attempt.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    nonce = sa.Column("nonce", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False)
    op.add_column("challenges", nonce)
    op.create_index("ix_auth_events_kiosk_id_created_at", "auth_events", ["kiosk_id", "created_at"], unique=False)
    op.create_index(
        "ix_auth_events_kept_pictures",
        "auth_events",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("snapshot_path IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_auth_events_kept_pictures", "auth_events")
    op.drop_index("ix_auth_events_kiosk_id_created_at", "auth_events")
    op.drop_column("challenges", "nonce")
