"""Each sealing is signed: ballots that came into the chain without one are found.

Revision ID: 0017
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.add_column("seal_batches", sa.Column("first_seq", sa.BigInteger(), nullable=True))
    op.add_column("seal_batches", sa.Column("last_seq", sa.BigInteger(), nullable=True))
    op.add_column("seal_batches", sa.Column("head", sa.LargeBinary(), nullable=True))
    op.add_column("seal_batches", sa.Column("signature", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(
        op.f("ck_seal_batches_signed_whole"), "seal_batches",
        "num_nulls(first_seq, last_seq, head, signature) IN (0, 4)",
    )  # fmt: skip
    op.create_check_constraint(
        op.f("ck_seal_batches_signed_range"), "seal_batches", "first_seq >= 1 AND last_seq >= first_seq - 1"
    )
    op.get_bind().connection.cursor().execute((SQL / "signed_seals.sql").read_text())


def downgrade() -> None:
    raise RuntimeError("Signed sealings are evidence; there is nothing to go back to.")
