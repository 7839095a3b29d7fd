"""`flask storage`: from this machine's disk into a bucket, and back."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

from models import transaction
from services import storage
from services.actor import OPERATOR
from services.audit_logger import record
from services.context import platform
from services.errors import DomainError
from services.storage import Fate, Moved, Storage

KINDS = click.Choice(storage.KINDS)
NAMES = {storage.LOCAL: "the local folder", storage.S3: "the bucket"}


@click.group("storage")
def storage_commands() -> None:
    """Move pictures and files between this machine's disk and a bucket."""


@storage_commands.command("migrate")
@click.option("--from", "source", type=KINDS, required=True, help="Where the files lie.")
@click.option("--to", "target", type=KINDS, required=True, help="Where they shall lie.")
@click.option("--delete-source", is_flag=True, help="Afterwards remove there what was found the same here.")
@with_appcontext
def migrate_command(source: str, target: str, delete_source: bool) -> None:
    """Copy every file and compare it; stopped in the middle, the same command goes on.

    It may run while people vote. Then set STORAGE_BACKEND, start again, and run it once more for what came meanwhile.
    """
    _refuse(source, target, delete_source)
    settings, cipher = platform().settings, platform().cipher
    here, there = (storage.build_for(settings, kind, cipher) for kind in (source, target))
    try:
        moved = _move(here, there, delete_source)
    except DomainError as error:
        raise click.ClickException(
            f"{error.message}\nRun the same command again: it goes on where it stopped."
        ) from error
    with transaction():
        record("operator:storage:migrated", OPERATOR, count=moved.verified)
    _tell(moved, NAMES[target])
    sys.exit(1 if moved.unlike else 0)


def _refuse(source: str, target: str, delete_source: bool) -> None:
    """End with a sentence for what cannot be or must not be done."""
    settings = platform().settings
    if source == target:
        raise click.UsageError("--from and --to name the same place.")
    if not settings.s3_bucket:
        raise click.UsageError("S3_BUCKET is empty: say in .env which bucket is meant (docs/storage.md).")
    if delete_source and settings.storage_backend == source:
        raise click.UsageError(
            f"The application still reads from there: set STORAGE_BACKEND={target} and start it again first."
        )


def _move(source: Storage, target: Storage, delete_source: bool) -> Moved:
    files = storage.movable(source)
    with click.progressbar(length=len(files), label="Copying and comparing", show_pos=True) as bar:
        return storage.migrate(source, target, files, lambda _moved, _file: bar.update(1), delete_source)


def _tell(moved: Moved, target: str) -> None:
    copied, there, gone = (moved.fates[fate] for fate in (Fate.COPIED, Fate.THERE, Fate.GONE))
    click.echo(f"{moved.verified:,} files lie in {target}, each compared by size and SHA-256:")
    click.echo(f"{copied:,} copied now ({moved.copied_bytes:,} bytes), {there:,} were there before.")
    if gone:
        click.echo(f"{gone:,} were removed at the source meanwhile.")
    if moved.removed:
        click.echo(f"{moved.removed:,} were removed at the source now.")
    if moved.unlike:
        click.echo("Not the same after copying; run the command again: " + ", ".join(moved.unlike[:20]), err=True)
