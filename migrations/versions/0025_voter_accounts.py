"""Voter accounts: registrations that wait, one-time codes, sessions, trusted browsers, links for a new password.

Revision ID: 0025
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
TABLES = ("identity_checks", "password_resets", "voter_devices", "voter_sessions", "one_time_codes", "registrations")


def upgrade() -> None:
    create_registrations()
    create_codes()
    voters_own("voter_sessions", sa.Column("user_agent", sa.Text()), moment("ended_at"))
    voters_own("voter_devices", sa.Column("user_agent", sa.Text()), moment("expires_at", False), moment("revoked_at"))
    voters_own("password_resets", moment("expires_at", False), moment("used_at"))
    op.add_column("elections", sa.Column("identity_check", sa.Boolean(), server_default="false", nullable=False))
    create_identity_checks()
    op.get_bind().connection.cursor().execute((SQL / "voter_accounts.sql").read_text())


def moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def created() -> sa.Column:
    return sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def create_registrations() -> None:
    op.create_table(
        "registrations",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("dob", sa.Date(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("voter_number", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("photo_path", sa.Text(), nullable=False),
        sa.Column("encoding", sa.LargeBinary(), nullable=False),
        sa.Column("quality", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("consent_version", sa.Text(), nullable=False),
        moment("confirmed_at"),
        created(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
    )
    op.create_index(
        "uq_registrations_confirmed_email", "registrations", [sa.text("lower(email)")], unique=True,
        postgresql_where=sa.text("confirmed_at IS NOT NULL"),
    )  # fmt: skip
    op.create_index("ix_registrations_created_at", "registrations", ["created_at"])


def create_codes() -> None:
    use = sa.Enum("register", "sign_in", name="codeuse", native_enum=False, length=32, create_constraint=True)
    op.create_table(
        "one_time_codes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("use", use, nullable=False),
        sa.Column("ticket_hash", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("registration_id", sa.BigInteger(), nullable=True),
        sa.Column("voter_id", sa.BigInteger(), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("mails", sa.BigInteger(), server_default="1", nullable=False),
        moment("expires_at", False),
        moment("used_at"),
        created(),
        sa.CheckConstraint(
            "registration_id IS NULL OR voter_id IS NULL", name=op.f("ck_one_time_codes_of_one_person")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], ondelete="CASCADE",
            name=op.f("fk_one_time_codes_registration_id_registrations"),
        ),
        sa.ForeignKeyConstraint(
            ["voter_id"], ["voters.id"], ondelete="CASCADE", name=op.f("fk_one_time_codes_voter_id_voters")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_codes")),
        sa.UniqueConstraint("ticket_hash", name=op.f("uq_one_time_codes_ticket_hash")),
    )  # fmt: skip
    for column in ("registration_id", "voter_id"):
        op.create_index(op.f(f"ix_one_time_codes_{column}"), "one_time_codes", [column])
    op.create_index("ix_one_time_codes_email_created_at", "one_time_codes", ["email", "created_at"])


def create_identity_checks() -> None:
    json = postgresql.JSONB(astext_type=sa.Text())
    op.create_table(
        "identity_checks",
        sa.Column("id", postgresql.UUID(as_uuid=True), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("voter_id", sa.BigInteger(), nullable=False),
        sa.Column("steps", json, nullable=False),
        sa.Column("state", json, server_default="{}", nullable=False),
        moment("expires_at", False),
        moment("used_at"),
        moment("passed_at"),
        created(),
        sa.ForeignKeyConstraint(
            ["session_id"], ["voter_sessions.id"], ondelete="CASCADE",
            name=op.f("fk_identity_checks_session_id_voter_sessions"),
        ),
        sa.ForeignKeyConstraint(
            ["election_id"], ["elections.id"], name=op.f("fk_identity_checks_election_id_elections")
        ),
        sa.ForeignKeyConstraint(
            ["voter_id"], ["voters.id"], ondelete="CASCADE", name=op.f("fk_identity_checks_voter_id_voters")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_checks")),
    )  # fmt: skip
    op.create_index(op.f("ix_identity_checks_session_id"), "identity_checks", ["session_id"])
    op.create_index("ix_identity_checks_election_id_voter_id", "identity_checks", ["election_id", "voter_id"])


def voters_own(name: str, *columns: sa.Column) -> None:
    """Make a table of tokens that belong to a voter and go with the voter."""
    op.create_table(
        name,
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("voter_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        *columns,
        created(),
        sa.ForeignKeyConstraint(
            ["voter_id"], ["voters.id"], ondelete="CASCADE", name=op.f(f"fk_{name}_voter_id_voters")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("token_hash", name=op.f(f"uq_{name}_token_hash")),
    )
    op.create_index(op.f(f"ix_{name}_voter_id"), name, ["voter_id"])


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)
    op.execute("DROP TRIGGER elections_guard_identity ON elections")
    op.drop_column("elections", "identity_check")
