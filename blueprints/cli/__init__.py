"""The operator's commands: `flask seed`, `flask worker`, `flask check`, …"""

import sys

from flask import Flask

from blueprints.cli import audit, backup, commands, count, privacy, secrecy, storage


def stops_database() -> bool:
    """Tell whether the application is built to stop its PostgreSQL, and so must not start it.

    Flask builds the application before it looks at the command, so the command line is asked.
    """
    return sys.argv[-1:] == [commands.db_stop_command.name]


def init_app(app: Flask) -> None:
    for command in (*commands.ALL, *backup.ALL):
        app.cli.add_command(command)
    audit.audit.add_command(secrecy.secrecy_command)
    app.cli.add_command(audit.audit)
    app.cli.add_command(count.count_command)
    app.cli.add_command(privacy.privacy_commands)
    app.cli.add_command(storage.storage_commands)
