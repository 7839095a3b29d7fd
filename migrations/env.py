"""Alembic runs with the owner's connection; the web role may not change the schema."""

from alembic import context
from flask import current_app
from sqlalchemy import text

from models.audit import is_no_partition

MIGRATION_LOCK = 0x53564D4947
"""Two upgrades at once: the second waits, and then finds nothing left to do."""

db = current_app.extensions["migrate"].db


def run() -> None:
    engine = db.engines.get("owner", db.engine)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.Model.metadata,
            include_object=is_no_partition,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            context.run_migrations()


run()
