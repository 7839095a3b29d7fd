"""`flask check --production`: is this installation fit for a real election? One row for each thing looked at.

Nothing is changed. A row is fine, a warning, or a problem with what to do; one problem makes the whole unfit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from services.context import platform
from services.production_check import database, machine, settings_part
from services.production_check.rows import Level, Row

__all__ = ["Level", "Row", "examine", "is_fit", "table"]


def examine(debug: bool = False) -> list[Row]:
    """Look at settings, secrets, database, clock, folders and what runs; `debug` is whether Flask debugs."""
    settings = platform().settings
    rows = settings_part.rows(settings, debug)
    for name, look in _LOOKS:
        rows += look(name)
    return rows


def is_fit(rows: Iterable[Row]) -> bool:
    """Tell whether no row is a problem."""
    return all(row.level is not Level.PROBLEM for row in rows)


def table(rows: Iterable[Row]) -> list[str]:
    """Return one line a row, in columns, the problems last, where the eye is when the command ends."""
    order = sorted(rows, key=lambda row: list(Level).index(row.level))
    width = max((len(row.name) for row in order), default=0)
    lines = [f"{row.level.value:<8} {row.name:<{width}}  {row.words}" for row in order]
    count = sum(row.level is Level.PROBLEM for row in order)
    verdict = f"Not fit for an election: {count} to mend." if count else "Fit for an election."
    return [*lines, "", verdict]


_LOOKS: tuple[tuple[str, Callable[[str], list[Row]]], ...] = (
    ("Database roles", database.roles),
    ("Ballot box", database.ballot_box),
    ("Clock", database.clock),
    ("Folders", machine.folders),
    ("Room", machine.room),
    ("What runs", machine.what_runs),
)
