"""One function a command: read the arguments, call one service, say what happened."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from blueprints import logs
from blueprints.cli.keys import renew_encryption_command, rotate_fernet_key_command, rotate_signing_key_command
from blueprints.cli.words import Words
from models import StaffRole, transaction, use_role
from services import (
    accounts,
    box_keys,
    elections,
    face_erasure,
    health,
    membership,
    production_check,
    retention,
    sealed_file,
    second_step,
    seed,
    staff,
)
from services.actor import OPERATOR
from services.context import platform
from services.embedded_postgres import EmbeddedPostgres
from services.jobs import run_worker, sweep
from services.jobs.worker import WORKER_ROLE
from services.security import hash_password


@click.command("seed")
@with_appcontext
def seed_command() -> None:
    """Fill an empty installation with the demo: one admin, one officer, two voters, two elections."""
    with transaction():
        report = seed.seed()
    click.echo("\n".join(report.lines()))


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now and stop.")
@with_appcontext
def worker_command(once: bool) -> None:
    """Send mail and seal ballots until stopped."""
    logs.write_to(logs.WORKER, platform().settings)
    run_worker(current_app._get_current_object(), once=once)  # type: ignore[attr-defined]


@click.command("sweep")
@with_appcontext
def sweep_command() -> None:
    """Remove what is over: old pictures of attempts, files that no row names, forgotten challenges, full logs."""
    with use_role(WORKER_ROLE):
        sweep(transaction)
        swept = retention.sweep(transaction, OPERATOR)
        low = retention.watch_disk(transaction)
    click.echo(
        f"{swept.expired} old pictures, {swept.crowded} pictures over the limit of room and {swept.orphans} files"
        f" without a row were removed; {swept.logs} logs were turned over."
    )
    if low:
        click.echo("The disk is nearly full: no new check of a face begins. Make room.", err=True)
        sys.exit(1)


@click.command("db-stop")
@with_appcontext
def db_stop_command() -> None:
    """Stop the embedded PostgreSQL."""
    server = EmbeddedPostgres(platform().settings.embedded_database_folder)
    click.echo("The database is stopped." if server.stop() else "The database was not running.")


@click.command("create-admin")
@click.argument("username")
@click.option("--email", help="Where this person gets mail.")
@click.option("--role", type=click.Choice([role.value for role in StaffRole]), default=StaffRole.ADMIN.value)
@click.option(
    "--elections/--no-elections", "elections_too", default=True, help="On the list of every present election."
)
@click.password_option()
@with_appcontext
def create_admin_command(username: str, email: str | None, role: str, elections_too: bool, password: str) -> None:
    """Add a staff member, on the list of every present election."""
    with Words(), transaction():
        user = accounts.create_staff(username, password, StaffRole(role), OPERATOR, email)
        count = membership.join_all_elections(user.id) if elections_too else 0
    click.echo(f"{username} can sign in as {role}, and sees {count} elections.")


@click.command("staff")
@with_appcontext
def staff_command() -> None:
    """List the staff: name, role, access, second step, last sign-in."""
    for person in staff.everybody(OPERATOR):
        user = person.user
        last = f"{user.last_login_at:%Y-%m-%d %H:%M} UTC" if user.last_login_at else "never"
        state = "active" if user.is_active else "deactivated"
        step = "second step" if second_step.has_one(user) else "password only"
        click.echo(f"{user.username}  {user.role.value}  {state}  {step}  {len(person.elections)} elections  {last}")


@click.command("reset-second-step")
@click.argument("username")
@with_appcontext
def reset_second_step_command(username: str) -> None:
    """Take the second step of a staff member away who lost app and recovery codes."""
    with Words(), transaction():
        second_step.reset(username, OPERATOR)
    click.echo(f"{username} signs in with the password alone and is signed out everywhere.")


@click.command("password-link")
@click.argument("username")
@with_appcontext
def password_link_command(username: str) -> None:
    """Print a link with which a staff member sets a new password, once, within a day."""
    settings = platform().settings
    base = settings.public_url or f"{'https' if settings.https else 'http'}://localhost:{settings.port}"
    with Words(), transaction():
        link = staff.password_link(username, OPERATOR, f"{base}/invitation")
    click.echo(link)


@click.command("join-election")
@click.argument("username")
@click.argument("election_id", type=int)
@with_appcontext
def join_election_command(username: str, election_id: int) -> None:
    """Put a staff member on the list of an election, for one whose administrators are gone."""
    with Words(), transaction():
        user = staff.add(elections.get_election(election_id), staff.find_by_name(username).id, OPERATOR)
    click.echo(f"{user.username} sees election {election_id}.")


@click.command("hash-password")
@click.password_option()
def hash_password_command(password: str) -> None:
    """Print the bcrypt hash of a password, for ADMIN_DEFAULT_PASS_HASH."""
    with Words():
        accounts.check_password(password)
    click.echo(hash_password(password))


@click.command("unlock")
@click.argument("username")
@with_appcontext
def unlock_command(username: str) -> None:
    """Forget the failed sign-ins of a staff member."""
    with Words(), transaction():
        count = accounts.unlock(username, OPERATOR)
    click.echo(f"{count} failed sign-ins of {username} are forgotten.")


@click.command("check")
@click.option("--production", is_flag=True, help="Say of everything whether it is fit for a real election.")
@with_appcontext
def check_command(production: bool) -> None:
    """Say what is not right with this installation; exit 1 when something has to be mended."""
    if production:
        rows = production_check.examine(current_app.debug)
        lines, ok = production_check.table(rows), production_check.is_fit(rows)
    else:
        report = health.check_installation()
        lines, ok = report.lines(), report.ok
    click.echo("\n".join(lines))
    if not ok:
        sys.exit(1)


@click.command("restore-box-key")
@click.argument("election_id", type=int)
@click.argument("copy", type=click.File("rb"))
@click.password_option("--passphrase", confirmation_prompt=False)
@with_appcontext
def restore_box_key_command(election_id: int, copy: click.utils.LazyFile, passphrase: str) -> None:
    """Put a lost box key back from its recovery copy."""
    with Words(), transaction():
        box_keys.restore_from_copy(elections.get_election(election_id), copy.read(), passphrase, OPERATOR)
    click.echo("The box key is back. The worker seals again.")


@click.command("open-sealed")
@click.argument("file", type=click.File("rb"))
@click.argument("target", type=click.File("wb"))
@click.password_option("--passphrase", confirmation_prompt=False)
@with_appcontext
def open_sealed_command(file: click.utils.LazyFile, target: click.utils.LazyFile, passphrase: str) -> None:
    """Open an encrypted export and write what is inside to TARGET."""
    with Words():
        content = sealed_file.open_sealed(file.read(), passphrase)
    target.write(content)
    click.echo(f"{len(content):,} bytes were written.")


@click.command("destroy-box-key")
@click.argument("election_id", type=int)
@click.confirmation_option(prompt="Destroy the box key for good?")
@with_appcontext
def destroy_box_key_command(election_id: int) -> None:
    """Destroy the box key of a counted election and print the certificate."""
    with Words(), transaction():
        certificate = box_keys.destroy(elections.get_election(election_id), OPERATOR)
    click.echo(certificate)


@click.command("verify-certificate")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@with_appcontext
def verify_certificate_command(file: click.utils.LazyFile) -> None:
    """Say whether a certificate of erased faces was signed here and not changed since; exit 1 when not."""
    if not face_erasure.is_genuine(file.read()):
        click.echo("Not genuine: it was changed, or another installation signed it.", err=True)
        sys.exit(1)
    click.echo(f"Genuine. Signed with the key {platform().keyring.fingerprints()['signing']}.")


ALL = (
    seed_command,
    worker_command,
    sweep_command,
    db_stop_command,
    create_admin_command,
    hash_password_command,
    unlock_command,
    staff_command,
    reset_second_step_command,
    password_link_command,
    join_election_command,
    check_command,
    restore_box_key_command,
    open_sealed_command,
    destroy_box_key_command,
    verify_certificate_command,
    rotate_signing_key_command,
    rotate_fernet_key_command,
    renew_encryption_command,
)
