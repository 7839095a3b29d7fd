"""Signed heads get the time stamp of an authority; choices of live batches and closings are signed.

Revision ID: 0020
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.add_column("signed_heads", sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("signed_heads", sa.Column("stamped_by", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_signed_heads_stamp_is_whole"), "signed_heads",
        "num_nulls(timestamp_token, stamped_at, stamped_by) IN (0, 3)",
    )  # fmt: skip
    failure = sa.Enum(
        "unreachable", "slow", "refused", "unreadable", "other", "untrusted", "clock",
        name="stampfailure", native_enum=False, create_constraint=True, length=32,
    )  # fmt: skip
    op.create_table(
        "time_stamping",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("failure", failure, nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id", name=op.f("ck_time_stamping_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_stamping")),
    )
    op.add_column("seal_batches", sa.Column("choice_signature", sa.LargeBinary(), nullable=True))
    op.add_column("elections", sa.Column("closing_signature", sa.LargeBinary(), nullable=True))
    op.get_bind().connection.cursor().execute((SQL / "time_stamps.sql").read_text())


def downgrade() -> None:
    raise RuntimeError("Time stamps are evidence; there is nothing to go back to.")
