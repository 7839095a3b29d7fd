"""`flask backup`, `flask backup-keys`, `flask restore`: nothing is lost with a machine, and nothing is mixed up."""

from __future__ import annotations

import sys
import time

import click
import flask_migrate
from flask.cli import with_appcontext

from blueprints.cli.words import Words
from config import PROJECT
from models import transaction, use_role
from services import backup, health, verification
from services.actor import OPERATOR
from services.backup.older import KnownHead
from services.context import platform
from services.embedded_postgres import EmbeddedPostgres
from services.jobs.worker import WORKER_ROLE

NOT_WHOLE, OLDER = 1, 3
"""Exit statuses of a restore: something is not as it was signed; all is whole, and older than a head known outside."""
NAMES = {"database": "Database", "ballot_box": "Ballot box", "files": "Files", "check": "Comparing with the manifest"}
OWNER = "owner"

_folder = click.Path(file_okay=False)
_text = click.File("r", encoding="utf-8")


@click.command("backup")
@click.argument("target", type=_folder)
@click.option("--keep", type=click.IntRange(min=1), help="Afterwards remove all but this many backups in TARGET.")
@with_appcontext
def backup_command(target: str, keep: int | None) -> None:
    """Write database and files, encrypted, into a new folder below TARGET. It may run while people vote.

    The keys that open it are not in it: flask backup-keys, into another place.
    """
    shown = Shown()
    with Words(), use_role(OWNER):
        with transaction():
            made = backup.make(backup.folder(target), shown)
            warned = backup.open_secret_elections()
        with transaction():
            backup.note(made, OPERATOR)
        gone = backup.keep_newest(backup.folder(target), keep) if keep else []
    manifest = made.manifest
    shown.end()
    rows, tables = sum(manifest.rows.values()), len(manifest.rows)
    click.echo(
        f"{made.folder}\n{rows:,} rows of {tables} tables, {manifest.files['count']:,} files,"
        f" {manifest.size:,} bytes encrypted, {shown.seconds:.1f} s."
    )
    click.echo(f"Audit log up to block {manifest.audit_height}. Fingerprint of the manifest: {manifest.fingerprint}")
    for name in gone:
        click.echo(f"Removed: {name}")
    _warn(made, warned)


def _warn(made: backup.Made, open_elections: int) -> None:
    if made.missing:
        click.echo(f"{len(made.missing)} files that rows name are not there: {', '.join(made.missing[:5])}", err=True)
    if backup.same_disk(made.folder):
        click.echo("It lies on the disk of the keys: copy it to another machine.", err=True)
    if open_elections:
        click.echo(
            "A secret election is open: two backups tell who voted in between. Keep them where nobody has its box key.",
            err=True,
        )


@click.command("backup-keys")
@click.argument("target", type=_folder)
@click.option("--passphrase-file", type=_text, help="Its first line is the passphrase; else it is asked for, twice.")
@click.option("--with-box-keys", is_flag=True, help="Also the box keys of elections, which have copies of their own.")
@with_appcontext
def backup_keys_command(target: str, passphrase_file: click.utils.LazyFile | None, with_box_keys: bool) -> None:
    """Write the key folder, encrypted with a passphrase, into a file below TARGET: never where the data lies."""
    passphrase = _passphrase(passphrase_file, confirm=True)
    with Words():
        copied = backup.copy_keys(backup.folder(target), passphrase, with_box_keys)
        with transaction():
            backup.note_keys(copied, OPERATOR)
    click.echo(f"{copied.path}\n{copied.files} files of the key folder. Write the passphrase down; keep it elsewhere.")
    if copied.left_out:
        click.echo(
            f"{copied.left_out} box keys are not in it: keep the recovery copy of each open election (its page, *Box"
            " key*), or run this again with --with-box-keys and destroy that file when the result is final."
        )
    if backup.same_disk(copied.path):
        click.echo("It lies on the disk of the keys: move it to another place.", err=True)


@click.command("restore")
@click.argument("source", type=_folder)
@click.option("--verify", is_flag=True, help="Then open every file and compute every chain, count and signature anew.")
@click.option("--head", "head", metavar="HEIGHT:HASH", help="A head of the audit log that is known outside.")
@click.option("--head-mail", type=_text, help="A mail with heads, saved as text.")
@with_appcontext
def restore_command(source: str, verify: bool, head: str | None, head_mail: click.utils.LazyFile | None) -> None:
    """Put a backup back into an empty installation; SOURCE is one backup, or a folder of them: the newest.

    Exit 0: all is as it was signed. 1: something is not. 3: all is whole, and older than the given head.
    """
    shown = Shown()
    with Words(), use_role(OWNER):
        known = _known(head, head_mail)
        folder, manifest = backup.look_at(backup.folder(source), shown)
        click.echo(f"{folder.name}, made {manifest.made_at}: whole, and signed with this installation's key.")
        problems = backup.put_back(folder, manifest, transaction, shown)
        _bring_up_to_date(manifest)
        with transaction():
            problems += backup.finish(manifest, OPERATOR)
        older = [said for one in known if (said := backup.older.comparison(one, manifest.audit_height))]
    shown.end()
    _tell(manifest, shown)
    if verify:
        problems += _verify(manifest, shown)
    for line in [*problems, *older]:
        click.echo(line)
    click.echo(f"Restored in {shown.seconds:.1f} s. Everybody has to sign in again; mails that waited then will leave.")
    sys.exit(NOT_WHOLE if problems else OLDER if older else 0)


def _known(head: str | None, mail: click.utils.LazyFile | None) -> list[KnownHead]:
    known = [backup.older.given(head)] if head else []
    return known + ([backup.older.mailed(mail.read())] if mail else [])


def _bring_up_to_date(manifest: backup.Manifest) -> None:
    """Let the roles sign in, and migrate the tables of an earlier version."""
    settings = platform().settings
    server = EmbeddedPostgres(settings.embedded_database_folder)
    # The settings of a running application name its database, embedded or not.
    if server.is_running() and server.urls().web == settings.db_url:
        server.grant_logins()
    if backup.needs_upgrade(manifest):
        flask_migrate.upgrade(str(PROJECT / "migrations"))


def _tell(manifest: backup.Manifest, shown: Shown) -> None:
    rows = (
        ("Tables", f"{len(manifest.rows):,}"),
        ("Rows", f"{sum(manifest.rows.values()):,}"),
        ("Votes", f"{manifest.rows.get('votes', 0):,}"),
        ("Ballots in boxes", f"{manifest.rows.get('ballot_box', 0):,}"),
        ("Sealed ballots", f"{manifest.rows.get('ballots', 0):,}"),
        ("Files", f"{manifest.files['count']:,}"),
        ("Bytes encrypted", f"{manifest.size:,}"),
        ("Audit blocks", f"{manifest.audit_height:,}"),
        ("Seconds so far", f"{shown.seconds:.1f}"),
    )
    for name, value in rows:
        click.echo(f"  {name:<18}{value:>16}")


def _verify(manifest: backup.Manifest, shown: Shown) -> list[str]:
    """Return what is not as it was signed; what was missing when the backup was made is no news."""
    with use_role(OWNER):
        found = [f"{path} is damaged." for path in backup.files.unreadable(lambda done, of: shown("files", done, of))]
        missing = backup.files.missing({file.path for file in backup.files.stored()})
    if len(missing) > manifest.files["missing"]:
        found += [f"{len(missing)} files that rows name are missing: {', '.join(missing[:5])}"]
    with use_role(WORKER_ROLE):
        report = verification.verify_all()
        found += health.readiness().problems
    shown.end()
    for line in report.lines():
        click.echo(line)
    return found + ([] if report.ok else ["Not everything is as it was signed: see above."])


def _passphrase(file: click.utils.LazyFile | None, confirm: bool) -> str:
    if file is not None:
        return str(file.readline()).rstrip("\r\n")
    return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm))


class Shown:
    """Progress on standard error: one line that moves on a terminal, nothing in a file. Counts the seconds."""

    def __init__(self) -> None:
        self._began, self._last = time.monotonic(), 0.0

    def __call__(self, part: str, done: int, of: int | None) -> None:
        now = time.monotonic()
        if not sys.stderr.isatty() or (now - self._last < 0.2 and done != of):
            return
        self._last = now
        total = f" of {of:,}" if of else ""
        click.echo(f"\r\033[K{NAMES[part]}: {done:,}{total}", err=True, nl=False)

    def end(self) -> None:
        """Clear the line."""
        if sys.stderr.isatty():
            click.echo("\r\033[K", err=True, nl=False)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began


ALL = (backup_command, backup_keys_command, restore_command)
