"""Reserved for the slice of this name.

Revision ID: 0016
"""

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise RuntimeError("There is nothing to go back to.")
