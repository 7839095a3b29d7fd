"""`python -m blueprints.cli.restore_keys FILE`: put the keys back. No Flask command: without keys none starts."""

from __future__ import annotations

import click

from blueprints.cli.words import Words
from config import SettingsError, load_settings
from services.backup import folder, put_keys_back


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--passphrase-file", type=click.File("r", encoding="utf-8"), help="Its first line; else it is asked for.")
def main(file: str, passphrase_file: click.utils.LazyFile | None) -> None:
    """Write the keys of a copy that `flask backup-keys` made into KEY_FOLDER, which holds none."""
    if passphrase_file is not None:
        passphrase = str(passphrase_file.readline()).rstrip("\r\n")
    else:
        passphrase = click.prompt("Passphrase", hide_input=True)
    try:
        place = load_settings().key_folder
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    with Words():
        count = put_keys_back(folder(file), place, passphrase)
    click.echo(f"{count} files are back in {place}. Now: flask restore SOURCE --verify")


if __name__ == "__main__":
    main()
