"""The audit log is searched at a million rows; refused requests are counted by minute.

Revision ID: 0013
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
KINDS = ("sign_in", "not_signed_in", "forbidden", "not_found", "too_many", "csrf", "burst")


def upgrade() -> None:
    for columns in (["election_id", "id"], ["event_type", "id"], ["actor", "id"], ["created_at"]):
        op.create_index(op.f(f"ix_audit_logs_{'_'.join(columns)}"), "audit_logs", columns, unique=False)
    create_request_audit()
    op.get_bind().connection.cursor().execute((SQL / "request_audit.sql").read_text())


def create_request_audit() -> None:
    kind = sa.Enum(*KINDS, name="refusal", native_enum=False, create_constraint=True, length=32)
    op.create_table(
        "request_audit",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("endpoint", sa.Text(), server_default="", nullable=False),
        sa.Column("role", sa.Text(), server_default="", nullable=False),
        sa.Column("ip_address", postgresql.INET(), nullable=True),
        sa.Column("count", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("count >= 1", name=op.f("ck_request_audit_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_audit")),
        sa.UniqueConstraint(
            "minute", "kind", "endpoint", "role", "ip_address",
            name=op.f("uq_request_audit_minute_kind_endpoint_role_ip_address"),
        ),
    )  # fmt: skip
    op.create_index(
        op.f("ix_request_audit_ip_address_minute"), "request_audit", ["ip_address", "minute"], unique=False
    )


def downgrade() -> None:
    raise RuntimeError("Refused requests are kept; there is nothing to go back to.")
