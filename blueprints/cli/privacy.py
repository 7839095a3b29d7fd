"""`flask privacy`: a voter's own data, in a copy or gone."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from blueprints.cli.words import Words
from models import transaction, use_role
from services import privacy
from services.actor import OPERATOR
from services.private_file import write_new

privacy_commands = AppGroup("privacy", help="A voter's own data: a copy of all of it, or its erasure.")
OWNER = "owner"


@privacy_commands.command("export")
@click.argument("voter")
@click.argument("file", type=click.Path(dir_okay=False, writable=True))
def export_command(voter: str, file: str) -> None:
    """Write everything that is kept of VOTER (a voter ID) into FILE, a ZIP that only this account may read."""
    with Words(), use_role(OWNER), transaction():
        content = privacy.export(voter, OPERATOR)
        write_new(file, content)
    click.echo(f"{len(content):,} bytes. It holds pictures of a face: hand it over in person, or encrypted.")


@privacy_commands.command("erase")
@click.argument("voter")
@click.option("--reason", prompt=True, help="Why, in the audit log for good: no name in it.")
@click.confirmation_option(prompt="Erase this voter for good?")
def erase_command(voter: str, reason: str) -> None:
    """Erase VOTER (a voter ID); refused, with the reason, while an election needs the record."""
    with Words(), use_role(OWNER), transaction():
        done = privacy.erase(voter, reason, OPERATOR)
    click.echo("Erased: " + ", ".join(f"{count} in {table}" for table, count in sorted(done.rows.items())) + ".")
    click.echo(f"{done.pictures} pictures are gone.")
    for sentence in done.stays:
        click.echo(f"Stays: {sentence}")
