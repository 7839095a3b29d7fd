"""The operator's commands: `flask seed`, `flask worker`, `flask check`, …"""

from flask import Flask

from blueprints.cli import commands


def init_app(app: Flask) -> None:
    for command in commands.ALL:
        app.cli.add_command(command)
