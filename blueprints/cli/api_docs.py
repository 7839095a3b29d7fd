"""`make api-docs`: fetch what draws the API's documentation. Without it the pages say so and link the document."""

from __future__ import annotations

import sys

import click

from services import api_pages


def main() -> int:
    """Fetch what is not here yet; being without it is no failure, so the status is always 0."""
    if not api_pages.are_here():
        try:
            api_pages.fetch()
            click.echo("The documentation pages of the API are here: /api/v1/docs and /api/v1/redoc.")
        except api_pages.NotFetched as error:
            click.echo(f"{error}: the documentation pages of the API link the OpenAPI document only.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
