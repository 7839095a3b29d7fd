"""What a verification says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


def many(number: int, one: str, more: str) -> str:
    """Return the number with the words for one, or for several."""
    return f"{number} {one if number == 1 else more}"


def _counted(number: int, name: str) -> str:
    """Return `2 signed heads` or `1 signed head`: names are plural, their noun is the first word that ends in s."""
    one = re.sub(r"s\b", "", name, count=1)
    return f"{number:,} {one if number == 1 else name}"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was signed: where, and what, in a sentence."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass
class Report:
    """What was looked at, by name, how many of it, and what was found."""

    looked_at: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings

    def count(self, name: str, number: int) -> None:
        """Add to what was looked at."""
        self.looked_at[name] = self.looked_at.get(name, 0) + number

    def add(self, where: str, *sentences: str) -> None:
        """Add findings at one place."""
        self.findings += [Finding(where, sentence) for sentence in sentences]

    def lines(self) -> list[str]:
        """Return the report as lines for a terminal."""
        looked = ", ".join(_counted(number, name) for name, number in self.looked_at.items())
        if self.ok:
            return [f"Verified: {looked}.", "Everything is as it was signed."]
        found = len(self.findings)
        return [
            *(str(finding) for finding in self.findings),
            f"Verified: {looked}.",
            f"{many(found, 'thing is', 'things are')} not as it was signed.",
        ]
