"""Keys that are replaced while elections run."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from models import transaction
from services import key_rotation
from services.actor import Actor
from services.context import platform

OPERATOR = Actor(role="operator", name="operator")


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
