"""Elections have an order of candidates, words for the receipt, and may open by themselves; all rules are frozen.

The audit log loses its reference to elections: a draft without a vote may be deleted, and its rows stay.

Revision ID: 0007
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    order = sa.Enum("fixed", "shuffled", name="candidateorder", native_enum=False, length=32)
    op.add_column("elections", sa.Column("candidate_order", order, server_default="fixed", nullable=False))
    op.create_check_constraint(
        op.f("ck_elections_candidateorder"), "elections", "candidate_order IN ('fixed', 'shuffled')"
    )
    op.add_column("elections", sa.Column("confirmation_text", sa.Text(), server_default="", nullable=False))
    op.add_column("elections", sa.Column("opens_without_faces", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("elections", sa.Column("opens_by_itself", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("elections", sa.Column("opening_problem", sa.Text(), nullable=True))
    op.add_column("elections", sa.Column("opening_failed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_elections_schedule_of_drafts"), "elections", "status = 'draft' OR NOT opens_by_itself"
    )
    op.create_check_constraint(op.f("ck_elections_has_a_channel"), "elections", "cardinality(channels) >= 1")
    op.drop_constraint(op.f("fk_audit_logs_election_id_elections"), "audit_logs", type_="foreignkey")
    op.get_bind().connection.cursor().execute((SQL / "election_settings.sql").read_text())


def downgrade() -> None:
    raise RuntimeError("Definitions that hold the new settings stay signed; there is nothing to go back to.")
