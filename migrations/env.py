"""Alembic runs with the owner's connection; the web role may not change the schema."""

from alembic import context
from flask import current_app

db = current_app.extensions["migrate"].db


def run() -> None:
    engine = db.engines.get("owner", db.engine)
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=db.Model.metadata, **current_app.extensions["migrate"].configure_args
        )
        with context.begin_transaction():
            context.run_migrations()


run()
