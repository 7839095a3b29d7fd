"""Finding voters: by number, name or e-mail, fifty a page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from models import RollEntry, Voter, VoterFace, VoterStatus, db
from services.voters.numbers import normalise_voter_number

PAGE_SIZE = 50
ENOUGH_PICTURES = 3
"""Enrolled pictures from which the adaptive bar holds (design, section 3)."""
_NEAR_LETTERS = 3
SORTS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "voter_id": (Voter.voter_id.expression,),
    "name": (func.lower(Voter.name), Voter.id.expression),
}


@dataclass(frozen=True)
class VoterQuery:
    """What to look for; `election_id` is the election whose roll the ballot column speaks of."""

    text: str = ""
    status: VoterStatus | None = None
    few_pictures: bool = False
    sort: str = "voter_id"
    descending: bool = False
    page: int = 1
    election_id: int | None = None


@dataclass(frozen=True)
class VoterRow:
    """A line of the list; `has_voted` is None when the voter is not on the roll of the election asked for."""

    voter: Voter
    pictures: int
    has_voted: bool | None


@dataclass(frozen=True)
class VoterPage:
    rows: list[VoterRow]
    total: int
    page: int
    pages: int

    @property
    def first(self) -> int:
        return (self.page - 1) * PAGE_SIZE + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.page * PAGE_SIZE, self.total)


def search_voters(query: VoterQuery) -> VoterPage:
    """Return one page; a page beyond the last one is the last one."""
    conditions = _conditions(query)
    total = db.session.scalar(select(func.count()).select_from(Voter).where(*conditions)) or 0
    pages = max(1, math.ceil(total / PAGE_SIZE))
    page = min(max(1, query.page), pages)
    rows = db.session.execute(
        _selection(query).where(*conditions).order_by(*_order(query)).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    )
    return VoterPage([VoterRow(voter, pictures, has_voted) for voter, pictures, has_voted in rows], total, page, pages)


def count_by_status() -> dict[VoterStatus, int]:
    """Return how many voters there are of each status, zero included."""
    rows = db.session.execute(select(Voter.status, func.count()).group_by(Voter.status))
    found = {status: count for status, count in rows}  # noqa: C416  a Row is no pair for dict()
    return {status: found.get(status, 0) for status in VoterStatus}


def nearest_voter(text: str) -> Voter | None:
    """Return a voter whose name holds the first letters of the last word searched, to offer after no hit."""
    stem = text.split()[-1][:_NEAR_LETTERS] if text.split() else ""
    if len(stem) < _NEAR_LETTERS:
        return None
    return db.session.scalar(
        select(Voter).where(Voter.name.icontains(stem, autoescape=True)).order_by(func.lower(Voter.name)).limit(1)
    )


def _selection(query: VoterQuery) -> Select[Voter, int, bool | None]:
    pictures = select(func.count()).where(VoterFace.voter_id == Voter.id).correlate(Voter).scalar_subquery()
    on_roll = (RollEntry.voter_id == Voter.id) & (RollEntry.election_id == query.election_id)
    return select(Voter, pictures, RollEntry.has_voted).outerjoin(RollEntry, on_roll)


def _conditions(query: VoterQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.text:
        matches = [column.icontains(query.text, autoescape=True) for column in (Voter.name, Voter.email)]
        number = normalise_voter_number(query.text)
        if number.isdigit():
            matches.append(Voter.voter_id.contains(number, autoescape=True))
        conditions.append(or_(*matches))
    if query.status is not None:
        conditions.append(Voter.status == query.status)
    if query.few_pictures:
        pictures = select(func.count()).where(VoterFace.voter_id == Voter.id).correlate(Voter).scalar_subquery()
        conditions.append(pictures < ENOUGH_PICTURES)
    return conditions


def _order(query: VoterQuery) -> list[ColumnElement[Any]]:
    columns = SORTS.get(query.sort, SORTS["voter_id"])
    return [column.desc() if query.descending else column.asc() for column in columns]
