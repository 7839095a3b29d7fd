"""What a tool found, and what people have said about it in `triaged.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

TRIAGED = Path(__file__).parent / "triaged.toml"
VERDICTS = ("false", "accepted")
"""A false alarm, or a true one that stays for the reason that is given. What is mended has no entry: it is gone."""


@dataclass(frozen=True, order=True)
class Finding:
    """One line of a tool's report; `place` is a file or an address."""

    tool: str
    rule: str
    place: str
    line: int = 0
    words: str = ""

    def __str__(self) -> str:
        at = f"{self.place}:{self.line}" if self.line else self.place
        return f"{self.tool} {self.rule} {at} {self.words}"


@dataclass(frozen=True)
class Entry:
    """A verdict on all findings of one rule at one place."""

    tool: str
    rule: str
    place: str
    verdict: str
    why: str

    def covers(self, found: Finding) -> bool:
        return (self.tool, self.rule, self.place) == (found.tool, found.rule, found.place)


@dataclass
class Outcome:
    """What became of one tool: `did` says how much it tried, `skipped` why it could not run."""

    tool: str
    found: list[Finding] = field(default_factory=list)
    did: str = ""
    skipped: str = ""


def read_entries(file: Path = TRIAGED) -> list[Entry]:
    """Return all verdicts; raises ValueError for one without a reason or with an unknown verdict."""
    entries = [Entry(**entry) for entry in tomllib.loads(file.read_text(encoding="utf-8")).get("triaged", [])]
    for entry in entries:
        if entry.verdict not in VERDICTS or len(entry.why.split()) < 3:
            raise ValueError(f"{entry.tool} {entry.rule} {entry.place}: no verdict, or no reason")
    return entries


def judge(outcome: Outcome, entries: Iterable[Entry]) -> tuple[list[Finding], list[Entry]]:
    """Return the findings that nobody has judged, and the verdicts on what this tool no longer finds."""
    mine = [entry for entry in entries if entry.tool == outcome.tool]
    open_ = sorted(found for found in outcome.found if not any(entry.covers(found) for entry in mine))
    stale = [entry for entry in mine if not any(entry.covers(found) for found in outcome.found)]
    return open_, [] if outcome.skipped else stale
