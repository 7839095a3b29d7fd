"""The operator's commands: `flask seed`, `flask worker`, `flask check`, …"""

import sys
from pathlib import Path

from flask import Flask

from blueprints.cli import commands


def may_start_database(folder: Path) -> bool:
    """Tell whether the application may start its PostgreSQL: not to stop it.

    Flask builds the application before it looks at the command, so the command line is asked.
    """
    return sys.argv[-1:] != [commands.db_stop_command.name] or not folder.exists()


def init_app(app: Flask) -> None:
    for command in commands.ALL:
        app.cli.add_command(command)
