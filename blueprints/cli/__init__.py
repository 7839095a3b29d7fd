"""The operator's commands: `flask seed`, `flask worker`, `flask check`, …"""

import sys

from flask import Flask

from blueprints.cli import audit, backup, commands, count, make_keys, privacy, secrecy, storage
from blueprints.cli.make_keys import without_keys

__all__ = ["init_app", "makes_keys", "stops_database", "without_keys"]


def stops_database() -> bool:
    """Tell whether the application is built to stop its PostgreSQL, and so must not start it.

    Flask builds the application before it looks at the command, so the command line is asked.
    """
    return sys.argv[-1:] == [commands.db_stop_command.name]


def makes_keys() -> bool:
    """Tell whether the application is built to make its first keys, and so has none."""
    return make_keys.make_keys_command.name in sys.argv[1:]


def init_app(app: Flask) -> None:
    for command in (*commands.ALL, *backup.ALL, make_keys.make_keys_command):
        app.cli.add_command(command)
    audit.audit.add_command(secrecy.secrecy_command)
    app.cli.add_command(audit.audit)
    app.cli.add_command(count.count_command)
    app.cli.add_command(privacy.privacy_commands)
    app.cli.add_command(storage.storage_commands)
