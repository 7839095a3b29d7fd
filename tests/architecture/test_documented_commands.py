"""Every command that a document tells somebody to type is one: of the application, or a target of the Makefile."""

from __future__ import annotations

import re

import click
import flask_migrate.cli
import pytest
from flask import Flask
from flask.cli import routes_command

from blueprints import cli
from config import PROJECT

PAGES = (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")))
BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
FLASK = re.compile(r"(?:^|[\s/])flask ((?:[\w./:<>-]+ ?)+)")
MAKE = re.compile(r"(?:^|\s)make ([a-z][\w-]*)")
TARGET = re.compile(r"^([a-z][\w-]*):", re.MULTILINE)


def code_of(page: str) -> list[str]:
    """Return what is set as code: each line of a block, each span, which may be broken over two lines."""
    lines = [line for block in BLOCK.findall(page) for line in block.splitlines()]
    return lines + [" ".join(span.split()) for span in SPAN.findall(BLOCK.sub("", page))]


def unknown(page: str, commands: click.Group, targets: set[str]) -> list[str]:
    """Return the commands, options and targets that a page names and nobody has."""
    code = code_of(page)
    found = [typed for line in code for typed in FLASK.findall(line) if not is_command(typed.split(), commands)]
    return found + [f"make {name}" for line in code for name in MAKE.findall(line) if name not in targets]


def is_command(words: list[str], group: click.Group) -> bool:
    """Tell whether the words name a command, down to one that is no group, and only options that it has."""
    if words[0].startswith("<"):
        return True
    command = group.commands.get(words[0])
    if isinstance(command, click.Group) and len(words) > 1:
        return is_command(words[1:], command)
    if command is None:
        return False
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    return all(word in known for word in words[1:] if word.startswith("--"))


@pytest.fixture(scope="module")
def commands() -> click.Group:
    """Every command of the application, without building it."""
    app = Flask(__name__)
    cli.init_app(app)
    app.cli.add_command(flask_migrate.cli.db)
    app.cli.add_command(routes_command)
    return app.cli


@pytest.fixture(scope="module")
def targets() -> set[str]:
    return set(TARGET.findall((PROJECT / "Makefile").read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_a_document_exists(page, commands, targets):
    assert unknown(page.read_text(encoding="utf-8"), commands, targets) == []


def test_a_command_an_option_and_a_target_that_nobody_has_are_found(commands, targets):
    spans = "Run `.venv/bin/flask\nfly-away`, `flask check --harder` or `flask audit guess`.\n"
    block = "```sh\nmake gold\nmake run\n```\n"
    assert unknown(spans + block, commands, targets) == ["fly-away", "check --harder", "audit guess", "make gold"]
