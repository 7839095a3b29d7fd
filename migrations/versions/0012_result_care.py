"""What NOTA and a tie mean is written before voting; how a tie was resolved is kept for good.

Elections that were opened before have no such rule: their definitions stay as they were signed.

Revision ID: 0012
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    rule = sa.Enum("no_one", "advisory", name="notarule", native_enum=False, length=32)
    op.add_column("elections", sa.Column("nota_rule", rule, nullable=True))
    op.create_check_constraint(op.f("ck_elections_notarule"), "elections", "nota_rule IN ('no_one', 'advisory')")
    op.execute("UPDATE elections SET nota_rule = 'no_one' WHERE status = 'draft'")
    op.alter_column("elections", "nota_rule", server_default="no_one")
    op.add_column("elections", sa.Column("lot_order", postgresql.ARRAY(sa.BigInteger()), nullable=True))
    create_resolutions()
    op.get_bind().connection.cursor().execute((SQL / "result_care.sql").read_text())


def create_resolutions() -> None:
    method = sa.Enum("drawn", "published", name="lotmethod", native_enum=False, create_constraint=True, length=32)
    op.create_table(
        "tie_resolutions",
        sa.Column("election_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("method", method, nullable=False),
        sa.Column("lots", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("elected", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_by", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("witnesses", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("staff_user_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("cardinality(lots) > 0", name=op.f("ck_tie_resolutions_lots_drawn")),
        sa.CheckConstraint("drawn_by <> '' AND how <> ''", name=op.f("ck_tie_resolutions_says_who_and_how")),
        sa.ForeignKeyConstraint(
            ["election_id"], ["elections.id"], name=op.f("fk_tie_resolutions_election_id_elections")
        ),
        sa.ForeignKeyConstraint(
            ["staff_user_id"], ["staff_users.id"], name=op.f("fk_tie_resolutions_staff_user_id_staff_users")
        ),
        sa.PrimaryKeyConstraint("election_id", name=op.f("pk_tie_resolutions")),
    )


def downgrade() -> None:
    raise RuntimeError("Rules of elections and resolved ties are kept; there is nothing to go back to.")
