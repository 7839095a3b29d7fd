"""Staff: lists of elections, invitations, the second step of signing in.

Whoever is there already stays on every present election's list, and sees what he saw.

Revision ID: 0008
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.execute(
        "INSERT INTO election_staff (election_id, staff_user_id)"
        " SELECT elections.id, staff_users.id FROM elections CROSS JOIN staff_users ON CONFLICT DO NOTHING"
    )
    op.add_column("staff_users", sa.Column("name", sa.Text(), nullable=True))
    op.add_column("staff_users", sa.Column("totp_last_step", sa.BigInteger(), nullable=True))
    op.add_column("staff_sessions", sa.Column("user_agent", sa.Text(), nullable=True))
    step = sa.Enum("password", "code", name="signinstep", native_enum=False, length=32)
    op.add_column("login_failures", sa.Column("step", step, server_default="password", nullable=False))
    op.create_check_constraint(op.f("ck_login_failures_signinstep"), "login_failures", "step IN ('password', 'code')")
    create_recovery_codes()
    create_links()
    op.get_bind().connection.cursor().execute((SQL / "staff_care.sql").read_text())


def create_recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("staff_user_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_user_id"], ["staff_users.id"], ondelete="CASCADE",
            name=op.f("fk_recovery_codes_staff_user_id_staff_users"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_recovery_codes_code_hash")),
    )  # fmt: skip
    op.create_index(op.f("ix_recovery_codes_staff_user_id"), "recovery_codes", ["staff_user_id"], unique=False)


def create_links() -> None:
    kind = sa.Enum("invitation", "password", name="stafflinkkind", native_enum=False, length=32, create_constraint=True)
    role = sa.Enum(
        "admin", "officer", "observer", name="staffrole", native_enum=False, length=32, create_constraint=True
    )
    op.create_table(
        "staff_links",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("role", role, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("staff_user_id", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind = 'invitation' OR staff_user_id IS NOT NULL", name=op.f("ck_staff_links_password_of_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["made_by"], ["staff_users.id"], ondelete="SET NULL", name=op.f("fk_staff_links_made_by_staff_users")
        ),
        sa.ForeignKeyConstraint(
            ["staff_user_id"], ["staff_users.id"], ondelete="CASCADE",
            name=op.f("fk_staff_links_staff_user_id_staff_users"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_links_token_hash")),
    )  # fmt: skip
    op.create_index(op.f("ix_staff_links_made_by"), "staff_links", ["made_by"], unique=False)
    op.create_index(op.f("ix_staff_links_staff_user_id"), "staff_links", ["staff_user_id"], unique=False)
    op.create_table(
        "staff_link_elections",
        sa.Column("link_id", sa.BigInteger(), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["staff_links.id"], ondelete="CASCADE",
            name=op.f("fk_staff_link_elections_link_id_staff_links"),
        ),
        sa.ForeignKeyConstraint(
            ["election_id"], ["elections.id"], ondelete="CASCADE",
            name=op.f("fk_staff_link_elections_election_id_elections"),
        ),
        sa.PrimaryKeyConstraint("link_id", "election_id", name=op.f("pk_staff_link_elections")),
    )  # fmt: skip


def downgrade() -> None:
    for table in ("staff_link_elections", "staff_links", "recovery_codes"):
        op.drop_table(table)
    op.drop_column("login_failures", "step")
    op.drop_column("staff_sessions", "user_agent")
    op.drop_column("staff_users", "totp_last_step")
    op.drop_column("staff_users", "name")
