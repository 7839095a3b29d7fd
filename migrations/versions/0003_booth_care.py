"""Kiosks say what goes on in them and may be stopped; notes explain booth sheets that do not balance.

Revision ID: 0003
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    use = sa.Enum("idle", "identifying", "voting", name="kioskuse", native_enum=False, length=32)
    op.add_column("kiosks", sa.Column("state", use, server_default="idle", nullable=False))
    op.create_check_constraint(op.f("ck_kiosks_kioskuse"), "kiosks", "state IN ('idle', 'identifying', 'voting')")
    op.add_column("kiosks", sa.Column("stopped_by", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_kiosks_stopped_by_staff_users"), "kiosks", "staff_users", ["stopped_by"], ["id"])
    create_notes()
    op.get_bind().connection.cursor().execute((SQL / "booth_notes.sql").read_text())


def create_notes() -> None:
    op.create_table(
        "booth_notes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("election_id", sa.BigInteger(), nullable=False),
        sa.Column("kiosk_id", sa.BigInteger(), nullable=True),
        sa.Column("staff_user_id", sa.BigInteger(), nullable=False),
        sa.Column("difference", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("note <> ''", name=op.f("ck_booth_notes_says_something")),
        sa.ForeignKeyConstraint(["election_id"], ["elections.id"], name=op.f("fk_booth_notes_election_id_elections")),
        sa.ForeignKeyConstraint(["kiosk_id"], ["kiosks.id"], name=op.f("fk_booth_notes_kiosk_id_kiosks")),
        sa.ForeignKeyConstraint(
            ["staff_user_id"], ["staff_users.id"], name=op.f("fk_booth_notes_staff_user_id_staff_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booth_notes")),
    )
    op.create_index(op.f("ix_booth_notes_election_id"), "booth_notes", ["election_id"], unique=False)


def downgrade() -> None:
    raise RuntimeError("Notes on booth sheets are kept; there is nothing to go back to.")
