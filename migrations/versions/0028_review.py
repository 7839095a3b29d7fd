"""Reviews of check-ins: an objection follows a decision, and what waits for a look is found by an index.

Revision ID: 0028
"""

from alembic import op
from sqlalchemy import text

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

OBJECTED = "ck_attendance_records_objected_to_a_decision"


def upgrade() -> None:
    op.create_check_constraint(
        op.f(OBJECTED), "attendance_records", "objected_at IS NULL OR reviewed_at IS NOT NULL"
    )  # fmt: skip
    op.create_index(
        "ix_attendance_records_flagged", "attendance_records", ["session_id"],
        postgresql_where=text("status = 'flagged'"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_attendance_records_flagged", "attendance_records")
    op.drop_constraint(op.f(OBJECTED), "attendance_records", type_="check")
