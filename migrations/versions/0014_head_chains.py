"""Reserved for the slice of this name.

Revision ID: 0014
"""

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise RuntimeError("There is nothing to go back to.")
