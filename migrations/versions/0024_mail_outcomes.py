"""What became of every mail: whose it was, why it did not leave, the state of the whole queue; mails that are planned.

Revision ID: 0024
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    _outbox()
    op.create_table(
        "mail_queue",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("failures", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settings_print", sa.Text(), nullable=True),
        sa.Column("next_slot_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id", name=op.f("ck_mail_queue_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_queue")),
    )
    _mails_to_many()
    op.get_bind().connection.cursor().execute((SQL / "mail_outcomes.sql").read_text())


def _outbox() -> None:
    for column in (
        sa.Column("election_id", sa.BigInteger(), nullable=True),
        sa.Column("voter_id", sa.BigInteger(), nullable=True),
        sa.Column("bulk", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("email_messages", column)
    for name, table, on_delete in (("election_id", "elections", "CASCADE"), ("voter_id", "voters", "SET NULL")):
        op.create_foreign_key(
            op.f(f"fk_email_messages_{name}_{table}"), "email_messages", table, [name], ["id"], ondelete=on_delete
        )
    op.drop_index("ix_email_messages_due", "email_messages")
    op.create_index(
        "ix_email_messages_due", "email_messages", ["bulk", "next_attempt_at"],
        postgresql_where=sa.text("status IN ('queued', 'sending')"),
    )  # fmt: skip
    op.create_index(op.f("ix_email_messages_voter_id"), "email_messages", ["voter_id"])
    op.create_index("ix_email_messages_of_election", "email_messages", ["election_id", "kind", "status", "voter_id"])
    op.create_index("ix_email_messages_newest", "email_messages", ["election_id", sa.text("created_at DESC"), "id"])


def _mails_to_many() -> None:
    kind = sa.Enum(
        "rehearsal", "reminder", "result", name="plannedkind", native_enum=False, create_constraint=True, length=32
    )  # fmt: skip
    op.create_table(
        "planned_mails",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mails", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        _owned_by("planned_mails", "election_id", "elections"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_mails")),
        sa.UniqueConstraint("election_id", "kind", "due_at", name=op.f("uq_planned_mails_election_id_kind_due_at")),
    )
    op.create_table(
        "not_me_reports",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("voter_id", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        _owned_by("not_me_reports", "election_id", "elections"),
        _owned_by("not_me_reports", "voter_id", "voters"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_not_me_reports")),
        sa.UniqueConstraint("election_id", "voter_id", name=op.f("uq_not_me_reports_election_id_voter_id")),
    )
    op.create_index(op.f("ix_not_me_reports_voter_id"), "not_me_reports", ["voter_id"])
    op.create_table(
        "rehearsal_answers",
        sa.Column("election_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("voter_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        _owned_by("rehearsal_answers", "election_id", "elections"),
        _owned_by("rehearsal_answers", "voter_id", "voters"),
        sa.PrimaryKeyConstraint("election_id", "voter_id", name=op.f("pk_rehearsal_answers")),
    )
    op.create_index(op.f("ix_rehearsal_answers_voter_id"), "rehearsal_answers", ["voter_id"])


def _owned_by(table: str, column: str, owner: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{owner}.id"], ondelete="CASCADE", name=op.f(f"fk_{table}_{column}_{owner}")
    )


def downgrade() -> None:
    for table in ("rehearsal_answers", "not_me_reports", "planned_mails", "mail_queue"):
        op.drop_table(table)
    for index in ("ix_email_messages_newest", "ix_email_messages_of_election", "ix_email_messages_due"):
        op.drop_index(index, "email_messages")
    for column in ("bounced_at", "problem", "bulk", "voter_id", "election_id"):
        op.drop_column("email_messages", column)
    op.create_index(
        "ix_email_messages_due", "email_messages", ["next_attempt_at"],
        postgresql_where=sa.text("status IN ('queued', 'sending')"),
    )  # fmt: skip
