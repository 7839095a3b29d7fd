"""Personal voting links; casting by a channel of the election only.

Revision ID: 0023
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "voting_tokens",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("voter_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=True),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("mail_id", sa.UUID(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("ck_voting_tokens_is_sha256")),
        sa.CheckConstraint("expires_at > made_at", name=op.f("ck_voting_tokens_lasts")),
        sa.ForeignKeyConstraint(["election_id"], ["elections.id"], name=op.f("fk_voting_tokens_election_id_elections")),
        sa.ForeignKeyConstraint(["voter_id"], ["voters.id"], name=op.f("fk_voting_tokens_voter_id_voters")),
        sa.ForeignKeyConstraint(
            ["mail_id"], ["email_messages.id"], ondelete="SET NULL", name=op.f("fk_voting_tokens_mail_id_email_messages")
        ),
        sa.ForeignKeyConstraint(
            ["election_id", "voter_id"], ["roll_entries.election_id", "roll_entries.voter_id"], ondelete="CASCADE",
            name=op.f("fk_voting_tokens_election_id_voter_id_roll_entries"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voting_tokens")),
        sa.UniqueConstraint("election_id", "voter_id", name=op.f("uq_voting_tokens_election_id_voter_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_voting_tokens_token_hash")),
    )  # fmt: skip
    op.create_index(op.f("ix_voting_tokens_voter_id"), "voting_tokens", ["voter_id"])
    op.create_index(op.f("ix_voting_tokens_mail_id"), "voting_tokens", ["mail_id"])
    op.create_table(
        "replaced_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("voting_token_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["voting_token_id"], ["voting_tokens.id"], ondelete="CASCADE",
            name=op.f("fk_replaced_tokens_voting_token_id_voting_tokens"),
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_replaced_tokens")),
    )  # fmt: skip
    op.create_index(op.f("ix_replaced_tokens_voting_token_id"), "replaced_tokens", ["voting_token_id"])
    op.create_table(
        "link_sendings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_user_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("renew", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("done >= 0 AND total >= 0", name=op.f("ck_link_sendings_counts")),
        sa.ForeignKeyConstraint(["election_id"], ["elections.id"], name=op.f("fk_link_sendings_election_id_elections")),
        sa.ForeignKeyConstraint(
            ["staff_user_id"], ["staff_users.id"], ondelete="SET NULL",
            name=op.f("fk_link_sendings_staff_user_id_staff_users"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_sendings")),
    )  # fmt: skip
    op.create_index(op.f("ix_link_sendings_election_id"), "link_sendings", ["election_id"])
    op.create_index(
        op.f("uq_link_sendings_at_work"), "link_sendings", ["election_id"], unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )  # fmt: skip
    op.get_bind().connection.cursor().execute((SQL / "voting_links.sql").read_text())


def downgrade() -> None:
    raise RuntimeError("Links that were mailed would not work any more: there is nothing to go back to.")
