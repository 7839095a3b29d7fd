"""API: bearer tokens, each of one session of staff or of a voter.

Revision ID: 0027
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
SESSIONS = {"staff_session_id": "staff_sessions", "voter_session_id": "voter_sessions"}


def upgrade() -> None:
    use = sa.Enum("access", "refresh", name="apitokenuse", native_enum=False, length=32, create_constraint=True)
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("use", use, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in SESSIONS),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(staff_session_id IS NULL) <> (voter_session_id IS NULL)", name=op.f("ck_api_tokens_of_one_session")
        ),
        *(
            sa.ForeignKeyConstraint(
                [name], [f"{table}.id"], ondelete="CASCADE", name=op.f(f"fk_api_tokens_{name}_{table}")
            )
            for name, table in SESSIONS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    for name in SESSIONS:
        op.create_index(op.f(f"ix_api_tokens_{name}"), "api_tokens", [name])
    op.get_bind().connection.cursor().execute((SQL / "api_tokens.sql").read_text())


def downgrade() -> None:
    op.drop_table("api_tokens")
