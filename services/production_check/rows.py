"""One thing that was looked at."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Level(enum.Enum):
    """How bad it is, least bad first."""

    FINE = "ok"
    WARNING = "warning"
    PROBLEM = "PROBLEM"


@dataclass(frozen=True)
class Row:
    """What was looked at, and in words what was found, or what to do about it."""

    level: Level
    name: str
    words: str


def judged(name: str, fine: str, problems: list[str], warnings: list[str] | None = None) -> list[Row]:
    """Return a row for each finding, or one that says `fine`."""
    found = [Row(Level.PROBLEM, name, words) for words in problems]
    found += [Row(Level.WARNING, name, words) for words in warnings or []]
    return found or [Row(Level.FINE, name, fine)]
