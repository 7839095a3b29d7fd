"""Identification by document: what kind, who confirmed it, and why. Never a number of a document.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KINDS = ("identity_card", "passport", "driving_licence", "other")
STAFF = ("officer_id", "second_officer_id")


def upgrade() -> None:
    kind = sa.Enum(*KINDS, name="documentkind", native_enum=False, create_constraint=True, length=32)
    op.add_column("auth_events", sa.Column("document", kind, nullable=True))
    for name in STAFF:
        op.add_column("auth_events", sa.Column(name, sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(f"fk_auth_events_{name}_staff_users"), "auth_events", "staff_users", [name], ["id"])
    op.add_column("auth_events", sa.Column("note", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_auth_events_document_is_answered_for"),
        "auth_events",
        "method <> 'document' OR result <> 'success'"
        " OR (document IS NOT NULL AND officer_id IS NOT NULL AND note IS NOT NULL AND review IS NOT NULL)",
    )
    op.create_check_constraint(
        op.f("ck_auth_events_two_people"), "auth_events", "second_officer_id <> officer_id"
    )


def downgrade() -> None:
    for name in ("document_is_answered_for", "two_people"):
        op.drop_constraint(op.f(f"ck_auth_events_{name}"), "auth_events")
    for name in ("note", *STAFF, "document"):
        op.drop_column("auth_events", name)
