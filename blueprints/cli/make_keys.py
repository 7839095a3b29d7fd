"""`flask make-keys`: the keys of a new installation. It runs in an application that has none."""

from __future__ import annotations

import click
from flask import Flask
from flask_babel import Babel

from blueprints.cli.words import Words
from config import SettingsError, load_settings
from services import first_keys


@click.command("make-keys")
def make_keys_command() -> None:
    """Make the keys of a new installation in KEY_FOLDER, once: keys that are there are never replaced."""
    try:
        settings = load_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    with Words():
        made = first_keys.make(settings)
    for path, rights in made.rights.items():
        click.echo(f"{rights}  {path}")
    for name, fingerprint in made.fingerprints.items():
        click.echo(f"Fingerprint of the {name} key: {fingerprint}")
    if not made.asked:
        click.echo(
            "The database did not answer: whether it belongs to other keys is told at the first start.", err=True
        )
    click.echo(
        "Tell observers the first fingerprint. Next: flask db upgrade, then flask backup-keys into another place."
    )


def without_keys() -> Flask:
    """Return an application that has this command only: every other one needs keys before it starts."""
    app = Flask("app")
    Babel(app)
    app.cli.add_command(make_keys_command)
    return app
