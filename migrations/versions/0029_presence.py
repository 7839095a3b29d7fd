"""Stub of a helper (quorum): fill it, rename this docstring, keep the numbers.

Revision ID: 0029
"""

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
