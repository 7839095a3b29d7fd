"""Majorities: how many votes carry, without a database and without words. `verify.py` computes the same by itself."""

from __future__ import annotations

from dataclasses import dataclass

from models import MajorityKind

OF_MEMBERS = frozenset({MajorityKind.ABSOLUTE_MEMBERS, MajorityKind.TWO_THIRDS_MEMBERS})


@dataclass(frozen=True)
class Needed:
    """`votes` carry; `base` is what they are a share of: votes cast, or members. Of a simple majority it is the rest.

    A majority by a share is never reached without a vote: `votes` is 1 at least.
    """

    votes: int
    base: int


def needed_votes(majority: MajorityKind, cast: int, best_other: int, members: int) -> Needed:
    """Return what carries.

    `cast` are the votes of the base, with or without abstentions as the rule says; `best_other` the votes of no, or of
    the next name; two thirds are rounded up, a half must be passed.
    """
    if majority is MajorityKind.SIMPLE:
        return Needed(best_other + 1, best_other)
    base = members if majority in OF_MEMBERS else cast
    if majority in (MajorityKind.ABSOLUTE, MajorityKind.ABSOLUTE_MEMBERS):
        return Needed(base // 2 + 1, base)
    return Needed(max(1, -(-2 * base // 3)), base)
