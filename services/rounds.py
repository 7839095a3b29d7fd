"""The rounds of a ranked count in words and figures, as pages, prints, tables and the command line show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from models import Election, Method
from services import ballots
from services.counting import Count, Kind, Rule, Stage, Tie, decimal

RULES = {
    Rule.ALTERNATIVE: N_("Instant-runoff: the alternative vote of the United Kingdom’s Act of 2011"),
    Rule.SCOTTISH: N_("Single transferable vote by the Scottish rules of 2011"),
}
EXPLAINED = {
    Rule.ALTERNATIVE: N_(
        "Who has more votes than all others in the round together is elected. Otherwise the one with the fewest votes"
        " is out, and each of those ballots moves to the next name on it."
    ),
    Rule.SCOTTISH: N_(
        "Who reaches the quota is elected. Votes above the quota move on, each ballot at a part of its value. When no"
        " votes are left to move, the one with the fewest is out, and those ballots move to the next name on them."
    ),
}


class HasCandidate(Protocol):
    """Anything of one candidate."""

    @property
    def candidate_id(self) -> int: ...


Placed = TypeVar("Placed", bound=HasCandidate)


@dataclass(frozen=True)
class Cell:
    """Votes at the end of a round and how they changed in it, both written out; `units` for a chart.

    `fate` is `elected` or `out` in the round in which that happens, `gone` after a candidate is out, else ''.
    """

    units: int
    votes: str
    change: str = ""
    fate: str = ""


@dataclass(frozen=True)
class Round:
    """One round: its number from 1, what happened, and sentences on who is elected, ties and ballots."""

    number: int
    title: str
    sentences: list[str]


@dataclass(frozen=True)
class Line:
    """A candidate through all rounds; `fate` says how it ended and in which round.

    `votes` are those of the last round, or of the last one before the candidate was out.
    """

    candidate_id: int
    name: str
    elected: bool
    fate: str
    cells: list[Cell]
    votes: str


@dataclass(frozen=True)
class Rounds:
    """All rounds. `quota` is empty where the rule has none; `exhausted` and `lost` are lines without a candidate."""

    rule: str
    explained: str
    quota: str
    quota_units: int
    valid: int
    rounds: list[Round]
    lines: list[Line]
    exhausted: list[Cell]
    lost: list[Cell]


def rounds_of(count: Count, names: Mapping[int, str]) -> Rounds:
    """Return the rounds of a count, the elected first in their order, then who lasted longest."""
    out = {stage.excluded: stage.number for stage in count.stages if stage.excluded is not None}
    won = {one: stage.number for stage in count.stages for one in stage.elected}
    first = count.stages[0].votes
    order = sorted(first, key=lambda one: (one not in won, won.get(one, 0), -out.get(one, len(count.stages) + 1)))
    elected = {one: place for place, one in enumerate(count.elected)}
    order.sort(key=lambda one: elected.get(one, len(elected)))
    return Rounds(
        rule=str(RULES[count.rule]),
        explained=str(EXPLAINED[count.rule]),
        quota=grouped(count.quota) if count.quota is not None else "",
        quota_units=count.quota or 0,
        valid=count.valid,
        rounds=[_round(stage, names) for stage in count.stages],
        lines=[
            Line(
                one,
                names[one],
                one in won,
                _fate(won.get(one), out.get(one)),
                _cells(count.stages, one, won, out),
                grouped(count.stages[out[one] - 2 if one in out else -1].votes[one]),
            )
            for one in order
        ],
        exhausted=_sums([stage.exhausted for stage in count.stages]),
        lost=_sums([stage.lost for stage in count.stages]),
    )


def count_rule_words(election: Election) -> str:
    """Return the rule by which a ranked election is counted, '' for every other."""
    return str(RULES[Rule.for_seats(election.seats)]) if election.method is Method.RANKED else ""


def grouped(units: int) -> str:
    """Return votes with the places that they need and commas between thousands: `1,307.04996`."""
    whole, _dot, part = decimal(abs(units)).partition(".")
    sign = "−" if units < 0 else ""
    return f"{sign}{int(whole):,}{'.' if part else ''}{part}"


def as_table(rounds: Rounds) -> list[list[str]]:
    """Return a table for a spreadsheet or a terminal: a header, a row for each candidate, then what nobody holds."""
    head = [_("Candidate"), *(f"{one.number}. {one.title}" for one in rounds.rounds), _("Outcome")]
    rows = [[line.name, *(cell.votes for cell in line.cells), line.fate] for line in rounds.lines]
    rows.append([_("Ballots without a further name"), *(cell.votes for cell in rounds.exhausted), ""])
    if any(cell.units for cell in rounds.lost):
        rows.append([_("Cut off after five decimal places"), *(cell.votes for cell in rounds.lost), ""])
    return [head, *rows]


def _round(stage: Stage, names: Mapping[int, str]) -> Round:
    said = [_tie_words(tie, names) for tie in stage.ties]
    if stage.kind is Kind.EXCLUSION and not stage.transfers:
        said.append(_("As many candidates are left as seats: no ballot moves."))
    if stage.kind is Kind.SURPLUS and (best := max((move.value for move in stage.transfers), default=0)):
        said.append(_("A first preference moves on at %(value)s of a vote.", value=decimal(best)))
    if stage.elected:
        listed = ", ".join(names[one] for one in stage.elected)
        said.append(_("Elected: %(names)s.", names=listed))
    return Round(stage.number, _title(stage, names), said)


def _title(stage: Stage, names: Mapping[int, str]) -> str:
    if stage.subject is None:
        return _("First preferences")
    if stage.kind is Kind.SURPLUS:
        return _("Surplus of %(name)s", name=names[stage.subject])
    return _("%(name)s is out", name=names[stage.subject])


def _tie_words(tie: Tie, names: Mapping[int, str]) -> str:
    tied = ", ".join(names[one] for one in tie.tied)
    chosen = names[tie.chosen]
    what = {
        "surplus": _("the surplus of %(name)s moves first", name=chosen),
        "exclusion": _("%(name)s is out", name=chosen),
        "election": _("%(name)s is elected", name=chosen),
    }[tie.purpose]
    if tie.stage is None:
        return _("A tie between %(tied)s: by the lot order %(what)s.", tied=tied, what=what)
    return _("A tie between %(tied)s: by the votes of round %(round)s %(what)s.", tied=tied, round=tie.stage, what=what)


def _fate(won: int | None, out: int | None) -> str:
    if won is not None:
        return _("Elected in round %(round)s", round=won)
    return _("Out in round %(round)s", round=out) if out is not None else _("Not elected")


def _cells(stages: Sequence[Stage], one: int, won: Mapping[int, int], out: Mapping[int, int]) -> list[Cell]:
    cells, before = [], 0
    for stage in stages:
        votes = stage.votes[one]
        gone = one in out and stage.number >= out[one]
        fate = "elected" if won.get(one) == stage.number else ""
        if gone:
            fate = "out" if out[one] == stage.number else "gone"
        change = grouped_change(votes - before) if stage.number > 1 and votes != before else ""
        cells.append(Cell(votes, "" if fate == "gone" else grouped(votes), "" if fate == "gone" else change, fate))
        before = votes
    return cells


def grouped_change(units: int) -> str:
    """Return a change with its sign: `+12.5`, `−3`."""
    return grouped(units) if units < 0 else f"+{grouped(units)}"


def _sums(sums: list[int]) -> list[Cell]:
    before = [0, *sums[:-1]]
    return [
        Cell(now, grouped(now), grouped_change(now - then) if now != then else "")
        for now, then in zip(sums, before, strict=True)
    ]


def listed(names: list[str]) -> str:
    """Return `A`, `A and B` or `A, B and C`."""
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s and %(last)s", first=", ".join(names[:-1]), last=names[-1])


def rounds_in(election: Election, counts: ballots.Counts) -> Rounds | None:
    """Return the rounds of a ranked election that is counted, None for every other."""
    if counts.ranked is None:
        return None
    return rounds_of(counts.ranked, {int(choice["id"]): str(choice["name"]) for choice in ballots.choices_of(election)})


def in_rounds(rows: list[Placed], rounds: Rounds | None) -> list[Placed]:
    """Return the rows in the order of the rounds: the elected first, then who lasted longest."""
    if rounds is None:
        return rows
    place = {line.candidate_id: number for number, line in enumerate(rounds.lines)}
    return sorted(rows, key=lambda row: place[row.candidate_id])
