"""Who comes to vote, and what happens to them on the way."""

from __future__ import annotations

import random
from dataclasses import dataclass

from benchmarks.day.films import Film
from services.voters.numbers import check_digit_added

PLAIN, SLIP, UNKNOWN, SECOND, LEAVES = "plain", "typing slip", "unknown number", "second visit", "leaves"
WALKS, EXPIRES, MISMATCH, DOCUMENT, MORE = "walks away", "runs out", "mismatch", "by document", "more time"
SHARES = (
    (SLIP, 0.06), (UNKNOWN, 0.02), (SECOND, 0.03), (LEAVES, 0.02), (WALKS, 0.02), (EXPIRES, 0.02), (MISMATCH, 0.03),
    (DOCUMENT, 0.04), (MORE, 0.03),
)  # fmt: skip
"""Share of the voters for whom the day is not plain; a guess at a real day, with every state in it."""
REAL_KINDS = (PLAIN, PLAIN, PLAIN, MISMATCH, PLAIN, PLAIN, SLIP, PLAIN)
SEED = 20261121


@dataclass(frozen=True)
class Person:
    """One voter: number with check digit, name on the roll, what happens, the own film and a stranger's."""

    number: str
    name: str
    kind: str
    film: Film
    stranger: Film
    real: bool

    @property
    def enrolled(self) -> bool:
        return self.kind != DOCUMENT


def people(numbers: list[str], painted: list[Film], real: list[Film]) -> list[Person]:
    """Return one person for each number, in the order in which they come; the real ones are spread evenly."""
    draw = random.Random(SEED)
    every = len(numbers) // len(real) if real else 0
    kinds = _kinds(len(numbers) - len(real), draw)
    found, filmed = [], 0
    for place, number in enumerate(numbers):
        is_real = bool(real) and place % every == every // 2 and filmed < len(real)
        films = real if is_real else painted
        own = filmed if is_real else place % len(painted)
        kind = REAL_KINDS[filmed % len(REAL_KINDS)] if is_real else kinds.pop()
        filmed += is_real
        # Half round the list: photographs of one person lie side by side in it.
        stranger = films[(own + max(1, len(films) // 2)) % len(films)]
        found.append(Person(number, f"Voter {place:04d} Everyday", kind, films[own], stranger, is_real))
    return found


def _kinds(count: int, draw: random.Random) -> list[str]:
    kinds = [kind for kind, share in SHARES for _ in range(max(1, round(share * count)))][:count]
    kinds += [PLAIN] * (count - len(kinds))
    draw.shuffle(kinds)
    return kinds


def numbers(count: int) -> list[str]:
    """Return voter IDs with their check digits."""
    return [check_digit_added(str(2_048_000 + place)) for place in range(count)]


def nobodys_number(draw: random.Random) -> str:
    """Return a voter ID with the right check digit that is on no roll."""
    return check_digit_added(str(draw.randrange(9_000_000, 9_999_999)))
