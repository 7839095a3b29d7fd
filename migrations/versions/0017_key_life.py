"""Reserved for the slice of this name.

Revision ID: 0017
"""

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise RuntimeError("There is nothing to go back to.")
