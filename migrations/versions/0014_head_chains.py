"""Audit rows are chained in blocks, and the heads of both chains are signed.

Revision ID: 0014
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    create_audit_chain()
    create_signed_heads()
    create_head_mails()
    op.get_bind().connection.cursor().execute((SQL / "audit_blocks.sql").read_text())


def create_audit_chain() -> None:
    op.create_table(
        "audit_blocks",
        sa.Column("height", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("height >= 1 AND first_seq >= 1 AND rows >= 1", name=op.f("ck_audit_blocks_from_one")),
        sa.PrimaryKeyConstraint("height", name=op.f("pk_audit_blocks")),
        sa.UniqueConstraint("block_hash", name=op.f("uq_audit_blocks_block_hash")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_audit_blocks_previous_hash")),
    )
    op.create_table(
        "audit_chain",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audit_log_id", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["audit_log_id"], ["audit_logs.id"], name=op.f("fk_audit_chain_audit_log_id_audit_logs")),
        sa.ForeignKeyConstraint(["height"], ["audit_blocks.height"], name=op.f("fk_audit_chain_height_audit_blocks")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_chain")),
        sa.UniqueConstraint("audit_log_id", name=op.f("uq_audit_chain_audit_log_id")),
    )
    op.create_index(op.f("ix_audit_chain_height"), "audit_chain", ["height"], unique=False)
    op.create_table(
        "audit_chain_marks",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("chained_to", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_mark", sa.BigInteger(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("before_xid", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("id", name=op.f("ck_audit_chain_marks_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain_marks")),
    )


def create_signed_heads() -> None:
    kind = sa.Enum("audit", "ballots", name="headkind", native_enum=False, create_constraint=True, length=32)
    op.create_table(
        "signed_heads",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=True),
        sa.Column("closing", sa.Boolean(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("key_fingerprint", sa.Text(), nullable=False),
        sa.Column("timestamp_token", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "kind = 'audit' OR election_id IS NOT NULL", name=op.f("ck_signed_heads_ballots_of_an_election")
        ),
        sa.CheckConstraint(
            "NOT closing OR election_id IS NOT NULL", name=op.f("ck_signed_heads_closing_of_an_election")
        ),
        sa.CheckConstraint(
            "kind = 'ballots' OR closing = (election_id IS NOT NULL)",
            name=op.f("ck_signed_heads_audit_names_what_closed"),
        ),
        sa.ForeignKeyConstraint(["election_id"], ["elections.id"], name=op.f("fk_signed_heads_election_id_elections")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signed_heads")),
    )
    op.create_index(
        op.f("uq_signed_heads_once"), "signed_heads", ["kind", "election_id", "height", "closing"],
        unique=True, postgresql_nulls_not_distinct=True,
    )  # fmt: skip
    op.create_index(op.f("ix_signed_heads_election_id_id"), "signed_heads", ["election_id", "id"], unique=False)


def create_head_mails() -> None:
    occasion = sa.Enum(
        "opening", "running", "closing", name="mailoccasion", native_enum=False, create_constraint=True, length=32
    )
    op.create_table(
        "head_mails",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("occasion", occasion, nullable=False),
        sa.Column("audit_head_id", sa.BigInteger(), nullable=False),
        sa.Column("ballots_head_id", sa.BigInteger(), nullable=True),
        sa.Column("recipients", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("recipients >= 1", name=op.f("ck_head_mails_somebody_gets_it")),
        sa.ForeignKeyConstraint(["election_id"], ["elections.id"], name=op.f("fk_head_mails_election_id_elections")),
        sa.ForeignKeyConstraint(
            ["audit_head_id"], ["signed_heads.id"], name=op.f("fk_head_mails_audit_head_id_signed_heads")
        ),
        sa.ForeignKeyConstraint(
            ["ballots_head_id"], ["signed_heads.id"], name=op.f("fk_head_mails_ballots_head_id_signed_heads")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_head_mails")),
    )
    op.create_index(op.f("ix_head_mails_election_id_id"), "head_mails", ["election_id", "id"], unique=False)
    op.create_index(
        op.f("uq_head_mails_once"), "head_mails", ["election_id", "occasion"],
        unique=True, postgresql_where=sa.text("occasion <> 'running'"),
    )  # fmt: skip


def downgrade() -> None:
    raise RuntimeError("Chains and signed heads are kept; there is nothing to go back to.")
