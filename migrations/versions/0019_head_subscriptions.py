"""People outside get the signed heads of an election by mail.

Revision ID: 0019
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.create_table(
        "head_subscriptions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["election_id"], ["elections.id"], ondelete="CASCADE",
            name=op.f("fk_head_subscriptions_election_id_elections"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_head_subscriptions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_head_subscriptions_token_hash")),
    )  # fmt: skip
    op.create_index(
        op.f("uq_head_subscriptions_election_id_email_lower"), "head_subscriptions",
        ["election_id", sa.text("lower(email)")], unique=True,
    )  # fmt: skip
    op.get_bind().connection.cursor().execute((SQL / "head_subscriptions.sql").read_text())


def downgrade() -> None:
    op.drop_table("head_subscriptions")
