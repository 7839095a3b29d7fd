"""Keys that are replaced while elections run."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from models import transaction, use_role
from services import key_rotation
from services.actor import OPERATOR
from services.context import platform
from services.errors import DomainError


@click.command("rotate-signing-key")
@click.confirmation_option(prompt="Replace the signing key and destroy the present one?")
@with_appcontext
def rotate_signing_key_command() -> None:
    """Replace the signing key: the old one signs a hand-over to the new one, then it is destroyed."""
    old = platform().keyring.fingerprints()["signing"]
    with transaction():
        made = key_rotation.rotate_signing_key(OPERATOR)
    click.echo(f"Old fingerprint: {old}\nNew fingerprint: {platform().keyring.fingerprints()['signing']}")
    click.echo(f"Handed over at {made.at:%Y-%m-%d %H:%M:%S} UTC. What was signed before stays valid.")
    click.echo("Tell the observers the new fingerprint, and make a new backup of the key folder now.")


@click.command("rotate-fernet-key")
@click.option("--retire", is_flag=True, help="A day later: forget the old keys, when nothing needs them any more.")
@with_appcontext
def rotate_fernet_key_command(retire: bool) -> None:
    """Replace the key of faces, pictures and mails; stopped in the middle, `renew-encryption` goes on."""
    if retire:
        try:
            with use_role("owner"):
                gone = key_rotation.retire_fernet_keys(OPERATOR, transaction)
        except DomainError as error:
            raise click.ClickException(error.message) from error
        click.echo(f"{gone} old Fernet keys are gone. Make a new backup of the key folder now.")
        return
    with transaction():
        key_rotation.add_fernet_key(OPERATOR)
    _renew()
    click.echo("Make a new backup of the key folder now. A day from now: flask rotate-fernet-key --retire")


@click.command("renew-encryption")
@with_appcontext
def renew_encryption_command() -> None:
    """Encrypt with the newest Fernet key what is not yet; may be stopped and run again."""
    _renew()


def _renew() -> None:
    with use_role("owner"):
        done = key_rotation.renew_all(transaction, lambda now: click.echo(f"{now.looked_at:,} looked at …", err=True))
    click.echo(f"{done.looked_at:,} rows and files looked at, {done.renewed:,} encrypted with the newest key.")
    if done.unreadable:
        raise click.ClickException("Not readable with any key: " + ", ".join(done.unreadable[:20]))
