"""Reserved for the slice of this name.

Revision ID: 0015
"""

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise RuntimeError("There is nothing to go back to.")
