"""What goes into a count of ranked ballots, and the record of all that happened in it.

Votes are whole numbers of units of a 100,000th vote: the five decimal places of the Scottish rules, without floats.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

UNIT = 100_000
"""Units of one vote: transfer values have five decimal places (Scottish Local Government Elections Order 2011)."""
PLACES = 5
Ranking = tuple[int, ...]


class Rule(enum.StrEnum):
    """A published rule for the count of ranked ballots; the value is its name in signed definitions."""

    ALTERNATIVE = "alternative-vote/uk-2011"
    SCOTTISH = "stv/scotland-2011"

    @classmethod
    def for_seats(cls, seats: int) -> Rule:
        """Return the rule of a ranked election: instant-runoff for one seat, single transferable vote for more."""
        return cls.ALTERNATIVE if seats == 1 else cls.SCOTTISH


class Kind(enum.StrEnum):
    """What a stage of a count is: first preferences, the transfer of a surplus, the exclusion of a candidate."""

    FIRST = "first"
    SURPLUS = "surplus"
    EXCLUSION = "exclusion"


@dataclass(frozen=True)
class Contest:
    """Candidates by id in ballot order, and ballots: rankings (best first) with the number of papers of each.

    `lots` names every candidate once: where nothing else decides, who stands first there wins. `withdrawn` are skipped
    on every ballot. A name that a ballot repeats counts where it stands first. A ballot without a name that stands is
    not valid and counts for nobody.
    """

    candidates: tuple[int, ...]
    seats: int
    ballots: Mapping[Ranking, int]
    lots: tuple[int, ...]
    withdrawn: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        known = set(self.candidates)
        if len(known) != len(self.candidates) or self.seats < 1:
            raise ValueError("Each candidate once, and one seat or more.")
        if sorted(self.lots) != sorted(self.candidates):
            raise ValueError("The lots name every candidate once.")
        if not known.issuperset(self.withdrawn.union(*self.ballots)) or any(
            papers < 0 for papers in self.ballots.values()
        ):
            raise ValueError("A ballot names somebody who is no candidate.")

    @property
    def standing(self) -> tuple[int, ...]:
        """Return who can be elected, in ballot order."""
        return tuple(one for one in self.candidates if one not in self.withdrawn)

    def valid(self) -> dict[Ranking, int]:
        """Return the rankings without who withdrew, in a fixed order; without ballots that name nobody else."""
        found: dict[Ranking, int] = {}
        for ranking, papers in self.ballots.items():
            left = tuple(one for one in ranking if one not in self.withdrawn)
            if left and papers:
                found[left] = found.get(left, 0) + papers
        return dict(sorted(found.items()))


@dataclass(frozen=True)
class Transfer:
    """Papers that moved together: `value` units each, to a candidate, or to nobody where `to` is None."""

    to: int | None
    papers: int
    value: int

    @property
    def votes(self) -> int:
        return self.papers * self.value


@dataclass(frozen=True)
class Tie:
    """A tie in a count: `chosen` among `tied` is who is excluded, whose surplus moves first, or who is elected.

    `stage` is the number of the stage whose votes decided; None where the order of the lots did.
    """

    purpose: str
    tied: tuple[int, ...]
    chosen: int
    stage: int | None


@dataclass(frozen=True)
class Stage:
    """One stage: whose papers moved, and in units the votes of everybody at its end.

    `exhausted` are the votes of papers that name nobody who could take them, `lost` what was cut off after the fifth
    place; both add up over the stages, so that votes + exhausted + lost = valid ballots at every stage.
    """

    number: int
    kind: Kind
    subject: int | None
    votes: Mapping[int, int]
    transfers: tuple[Transfer, ...]
    exhausted: int
    lost: int
    elected: tuple[int, ...] = ()
    ties: tuple[Tie, ...] = ()

    @property
    def excluded(self) -> int | None:
        return self.subject if self.kind is Kind.EXCLUSION else None


@dataclass(frozen=True)
class Count:
    """A finished count. `quota` and all votes are units, `valid` are papers; `elected` in the order of election."""

    rule: Rule
    seats: int
    valid: int
    quota: int | None
    stages: tuple[Stage, ...]
    elected: tuple[int, ...]
    invalid: int = 0
    unit: int = field(default=UNIT)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types; candidates are the ids of the contest, as text where they are keys."""
        return {
            "rule": self.rule.value,
            "seats": self.seats,
            "unit": self.unit,
            "valid": self.valid,
            "invalid": self.invalid,
            "quota": self.quota,
            "elected": list(self.elected),
            "stages": [_stage_dict(stage) for stage in self.stages],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Count:
        """Return the count that `as_dict` wrote."""
        stages = tuple(_stage(number, stage) for number, stage in enumerate(plain["stages"], start=1))
        return cls(
            Rule(plain["rule"]),
            plain["seats"],
            plain["valid"],
            plain["quota"],
            stages,
            tuple(plain["elected"]),
            plain["invalid"],
        )


def decimal(units: int) -> str:
    """Return units as votes with the places that they need: `7`, `7.25`, `1307.04996`."""
    whole, part = divmod(abs(units), UNIT)
    said = f"{whole}.{part:0{PLACES}d}".rstrip("0").rstrip(".")
    return f"-{said}" if units < 0 else said


def _stage_dict(stage: Stage) -> dict[str, Any]:
    return {
        "kind": stage.kind.value,
        "subject": stage.subject,
        "votes": {str(one): votes for one, votes in stage.votes.items()},
        "transfers": [[move.to, move.papers, move.value] for move in stage.transfers],
        "exhausted": stage.exhausted,
        "lost": stage.lost,
        "elected": list(stage.elected),
        "ties": [
            {"purpose": tie.purpose, "tied": list(tie.tied), "chosen": tie.chosen, "stage": tie.stage}
            for tie in stage.ties
        ],
    }


def _stage(number: int, plain: Mapping[str, Any]) -> Stage:
    return Stage(
        number=number,
        kind=Kind(plain["kind"]),
        subject=plain["subject"],
        votes={int(one): votes for one, votes in plain["votes"].items()},
        transfers=tuple(Transfer(*move) for move in plain["transfers"]),
        exhausted=plain["exhausted"],
        lost=plain["lost"],
        elected=tuple(plain["elected"]),
        ties=tuple(_tie(tie) for tie in plain["ties"]),
    )


def _tie(plain: Mapping[str, Any]) -> Tie:
    tied: Iterable[int] = plain["tied"]
    return Tie(plain["purpose"], tuple(tied), plain["chosen"], plain["stage"])
