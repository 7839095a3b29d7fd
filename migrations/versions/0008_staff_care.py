"""Staff see the elections on whose list they are; whoever is there already keeps what they see.

Revision ID: 0008
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "INSERT INTO election_staff (election_id, staff_user_id)"
        " SELECT elections.id, staff_users.id FROM elections CROSS JOIN staff_users ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    pass
