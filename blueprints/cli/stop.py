"""`make db-stop`: stop the embedded PostgreSQL. Not a Flask command, because the application would start it first."""

from __future__ import annotations

import sys

import click

from config import SettingsError, load_settings
from services.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError


def main() -> int:
    """Stop the server and say so; return the exit status."""
    try:
        stopped = EmbeddedPostgres(load_settings().embedded_database_folder).stop()
    except (SettingsError, EmbeddedPostgresError) as error:
        click.echo(error, err=True)
        return 1
    click.echo("The database is stopped." if stopped else "The database was not running.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
