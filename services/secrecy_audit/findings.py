"""What an attack reports: how many ballots it linked, and by what; never whose."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any


class State(enum.StrEnum):
    """How an attack ended. `exposed`: nothing is linked so far, but a door stands open."""

    CLEAN = "clean"
    LINKED = "linked"
    EXPOSED = "exposed"
    NOT_GIVEN = "not_given"
    NOT_ALLOWED = "not_allowed"


@dataclass
class Finding:
    """What one attack saw.

    `votes` holds the ids of votes whose choice it learnt, `unnamed` counts ballots that it linked without knowing
    the vote (a receipt to its ballot, a ballot to its time). `said` are sentences of `words.py` with their values.
    """

    attack: str
    votes: set[int] = field(default_factory=set)
    unnamed: int = 0
    exposed: bool = False
    not_given: bool = False
    not_allowed: bool = False
    said: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def linked(self) -> int:
        return max(len(self.votes), self.unnamed)

    @property
    def state(self) -> State:
        if self.linked:
            return State.LINKED
        if self.exposed:
            return State.EXPOSED
        if self.not_allowed:
            return State.NOT_ALLOWED
        return State.NOT_GIVEN if self.not_given else State.CLEAN

    def say(self, code: str, **values: Any) -> None:
        """Add a sentence of `words.SENTENCES`; `values` are numbers and names of tables, never of people."""
        self.said.append((code, values))

    def stored(self) -> dict[str, Any]:
        """Return what may be kept: numbers and sentences, no person."""
        return {"attack": self.attack, "state": self.state.value, "linked": self.linked, "said": self.said}


@dataclass(frozen=True)
class Report:
    """A whole run against one election."""

    election_id: int
    title: str
    findings: list[Finding]
    unanimous: bool

    @property
    def linked(self) -> int:
        """Return how many ballots were linked by anything: votes by id once, and unnamed ones at least so many."""
        known: set[int] = set().union(*(finding.votes for finding in self.findings))
        return max([len(known), *(finding.linked for finding in self.findings)])

    @property
    def exposed(self) -> bool:
        return any(finding.exposed for finding in self.findings)

    @property
    def blind(self) -> bool:
        """Tell whether an attack lacked the right to look."""
        return any(finding.state is State.NOT_ALLOWED for finding in self.findings)
