"""Voters are found by an index of words; rolls are imported from files, outside the request.

Revision ID: 0009
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
STATES = "'checking', 'checked', 'importing', 'done', 'refused', 'failed', 'cancelled'"


def upgrade() -> None:
    run("voter_search.sql")
    words = sa.Computed("sv_search_words(name, email, voter_id)", persisted=True)
    op.add_column("voters", sa.Column("search", postgresql.TSVECTOR(), words, nullable=True))
    op.create_index(op.f("ix_voters_search"), "voters", ["search"], postgresql_using="gin")
    op.create_index("ix_voters_name_lower", "voters", [sa.text("lower(name)"), "id"])
    op.create_index(op.f("ix_voters_status"), "voters", ["status"])
    create_imports()
    create_rows()
    create_problems()
    run("roll_import.sql")


def create_imports() -> None:
    op.create_table(
        "roll_imports",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=True),
        sa.Column("staff_user_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_path", sa.Text(), nullable=True),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(32), server_default="checking", nullable=False),
        sa.Column("existing", sa.String(32), server_default="keep", nullable=False),
        sa.Column("bad_rows", sa.String(32), server_default="refuse", nullable=False),
        sa.Column("layout", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("counts", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("progress", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(f"status IN ({STATES})", name=op.f("ck_roll_imports_importstatus")),
        sa.CheckConstraint("existing IN ('keep', 'update')", name=op.f("ck_roll_imports_existingvoters")),
        sa.CheckConstraint("bad_rows IN ('refuse', 'skip')", name=op.f("ck_roll_imports_badrows")),
        sa.ForeignKeyConstraint(
            ["election_id"], ["elections.id"], name=op.f("fk_roll_imports_election_id_elections"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["staff_user_id"],
            ["staff_users.id"],
            name=op.f("fk_roll_imports_staff_user_id_staff_users"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roll_imports")),
    )
    op.create_index(op.f("ix_roll_imports_election_id"), "roll_imports", ["election_id"])


def create_rows() -> None:
    op.create_table(
        "roll_import_rows",
        sa.Column("import_id", sa.UUID(), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("dob", sa.Date(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("groups", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("voter_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["roll_imports.id"],
            name=op.f("fk_roll_import_rows_import_id_roll_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_roll_import_rows")),
    )


def create_problems() -> None:
    op.create_table(
        "roll_import_problems",
        sa.Column("import_id", sa.UUID(), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["roll_imports.id"],
            name=op.f("fk_roll_import_problems_import_id_roll_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_roll_import_problems")),
    )


def run(name: str) -> None:
    # The raw cursor: SQLAlchemy would take the colons of regular expressions for parameters.
    op.get_bind().connection.cursor().execute((SQL / name).read_text())


def downgrade() -> None:
    raise RuntimeError("Imports are on record in the audit log; there is nothing to go back to.")
