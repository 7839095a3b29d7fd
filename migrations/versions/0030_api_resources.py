"""Stub of a helper (apires): fill it, rename this docstring, keep the numbers.

Revision ID: 0030
"""

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
