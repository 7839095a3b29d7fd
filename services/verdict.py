"""Who is elected: the arithmetic of a plurality count, without a database and without words."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Outcome(enum.StrEnum):
    """What a final count says."""

    ELECTED = "elected"
    TIE = "tie"
    NOTA_FIRST = "nota_first"
    NOTA_LEVEL = "nota_level"
    NO_VOTES = "no_votes"


@dataclass(frozen=True)
class Verdict:
    """`first` are the ids that win a seat, `tied` the ids that share the last one; by hand, never by order."""

    outcome: Outcome
    first: tuple[int, ...] = ()
    tied: tuple[int, ...] = ()


def decide(counts: dict[int, int], nota: int, seats: int = 1) -> Verdict:
    """Return the verdict of votes by candidate id; more than one seat goes to the most votes in order.

    A candidate without a vote is never elected. When NOTA (none of the above) has the most votes, or as many as
    the first candidate, nobody is elected by the count: the order asks for ties to be resolved by hand.
    """
    ranked = sorted((pair for pair in counts.items() if pair[1] > 0), key=lambda pair: -pair[1])
    if not ranked:
        return Verdict(Outcome.NOTA_FIRST if nota else Outcome.NO_VOTES)
    best = ranked[0][1]
    if nota > best:
        return Verdict(Outcome.NOTA_FIRST)
    if nota == best:
        return Verdict(Outcome.NOTA_LEVEL, tied=tuple(key for key, count in ranked if count == best))
    if len(ranked) <= seats:
        return Verdict(Outcome.ELECTED, first=tuple(key for key, _ in ranked))
    return _share_seats(ranked, seats)


def _share_seats(ranked: list[tuple[int, int]], seats: int) -> Verdict:
    last_seat = ranked[seats - 1][1]
    above = tuple(key for key, count in ranked if count > last_seat)
    level = tuple(key for key, count in ranked if count == last_seat)
    if len(above) + len(level) <= seats:
        return Verdict(Outcome.ELECTED, first=above + level)
    return Verdict(Outcome.TIE, first=above, tied=level)
