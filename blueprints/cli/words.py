"""What goes wrong in a command, in one sentence."""

from __future__ import annotations

import click

from services.errors import DomainError


class Words:
    """Turn a domain error into one sentence and exit 1."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DomainError):
            raise click.ClickException(error.message) from error
