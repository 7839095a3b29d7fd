"""Finding voters by the beginnings of words in number, name or e-mail, fifty a page, at 100,000 voters too.

The words of a voter are kept by the database (`migrations/sql/voter_search.sql`) and indexed. What is not searched:
letters in the middle of a word. Hits are counted up to `MOST_COUNTED`; nobody pages further than that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, exists, func, literal, select

from models import GroupMember, RollEntry, Voter, VoterFace, VoterStatus, db
from services.remembered import Remembered
from services.voters.numbers import normalise_voter_number

PAGE_SIZE = 50
MOST_COUNTED = 5000
"""Hits: 100 pages. Beyond it the count is "more than", so that a page never costs a walk over the whole register."""
ENOUGH_PICTURES = 3
"""Enrolled pictures from which the adaptive bar holds (design, section 3)."""
_NEAR_LETTERS = 3
_BY_STATUS: Remembered[dict[VoterStatus, int]] = Remembered()
SORTS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "voter_id": (Voter.voter_id.expression,),
    "name": (func.lower(Voter.name), Voter.id.expression),
}


@dataclass(frozen=True)
class VoterQuery:
    """What to look for; `election_id` is the election whose roll the ballot column speaks of.

    `on_roll` keeps those on that roll, or off it; `voted` those on it who have voted, or have not. `group_id` keeps
    members of a group, `not_in_group` everybody else.
    """

    text: str = ""
    status: VoterStatus | None = None
    few_pictures: bool = False
    sort: str = "voter_id"
    descending: bool = False
    page: int = 1
    election_id: int | None = None
    on_roll: bool | None = None
    voted: bool | None = None
    group_id: int | None = None
    not_in_group: int | None = None


@dataclass(frozen=True)
class VoterRow:
    """A line of the list; `has_voted` is None when the voter is not on the roll of the election asked for."""

    voter: Voter
    pictures: int
    has_voted: bool | None


@dataclass(frozen=True)
class VoterPage:
    """One page; with `capped` there are more hits than `total`."""

    rows: list[VoterRow]
    total: int
    page: int
    pages: int
    capped: bool = False

    @property
    def first(self) -> int:
        return (self.page - 1) * PAGE_SIZE + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.page * PAGE_SIZE, self.total)


def search_voters(query: VoterQuery) -> VoterPage:
    """Return one page; a page beyond the last one is the last one."""
    conditions = voter_conditions(query)
    total, capped = _count(query, conditions)
    pages = max(1, math.ceil(total / PAGE_SIZE))
    page = min(max(1, query.page), pages)
    few = bool(conditions) and total <= MOST_COUNTED and not capped
    ids = _page_of_ids(query, conditions, few, (page - 1) * PAGE_SIZE)
    return VoterPage(_rows(ids, query.election_id), total, page, pages, capped)


def count_by_status() -> dict[VoterStatus, int]:
    """Return how many voters there are of each status, zero included; of a large register as of some seconds ago."""
    return _BY_STATUS.get("register", _count_by_status, lambda found: sum(found.values()))


def _count_by_status() -> dict[VoterStatus, int]:
    rows = db.session.execute(select(Voter.status, func.count()).group_by(Voter.status))
    found = {status: count for status, count in rows}  # noqa: C416  a Row is no pair for dict()
    return {status: found.get(status, 0) for status in VoterStatus}


def nearest_voter(text: str) -> Voter | None:
    """Return a voter with a word that begins as the last word searched, to offer after no hit."""
    stem = text.split()[-1][:_NEAR_LETTERS] if text.split() else ""
    if len(stem) < _NEAR_LETTERS:
        return None
    return db.session.scalar(select(Voter).where(_matches(stem)).order_by(func.lower(Voter.name)).limit(1))


def voter_conditions(query: VoterQuery) -> list[ColumnElement[bool]]:
    """Return the conditions on `voters` that a query means; none for everybody."""
    conditions: list[ColumnElement[bool]] = []
    if query.text:
        conditions.append(_matches(query.text))
    if query.status is not None:
        conditions.append(Voter.status == query.status)
    if query.few_pictures:
        conditions.append(_pictures() < ENOUGH_PICTURES)
    return conditions + _places(query)


def _places(query: VoterQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.text and (query.voted is not None or query.on_roll is not None):
        return [_looked_up(query), *_places(replace(query, text="", voted=None, on_roll=None))]
    entry = exists().where(RollEntry.voter_id == Voter.id, RollEntry.election_id == query.election_id)
    if query.voted is not None:
        conditions.append(entry.where(RollEntry.has_voted.is_(query.voted)))
    elif query.on_roll is not None:
        conditions.append(entry if query.on_roll else ~entry)
    for group_id, inside in ((query.group_id, True), (query.not_in_group, False)):
        if group_id is not None:
            member = exists().where(GroupMember.voter_id == Voter.id, GroupMember.group_id == group_id)
            conditions.append(member if inside else ~member)
    return conditions


def _looked_up(query: VoterQuery) -> ColumnElement[bool]:
    """The same by one look at an index for each hit: the planner would gather the whole roll for some hundred hits."""
    here = (RollEntry.voter_id == Voter.id, RollEntry.election_id == query.election_id)
    voted = select(RollEntry.has_voted).where(*here).correlate(Voter).scalar_subquery()
    if query.voted is not None:
        return voted.is_(query.voted)
    return voted.is_not(None) if query.on_roll else voted.is_(None)


def _matches(text: str) -> ColumnElement[bool]:
    number = normalise_voter_number(text)
    asked = number if number.isdigit() else text
    return Voter.search.expression.op("@@")(func.sv_search_query(asked)).cast(db.Boolean)


def _count(query: VoterQuery, conditions: list[ColumnElement[bool]]) -> tuple[int, bool]:
    """Return the hits, and whether there are more; the register, a roll and a group as a whole are counted exactly."""
    whole: Any = None
    if not conditions:
        whole = select(func.count()).select_from(Voter)
    elif len(conditions) == 1 and query.on_roll and query.voted is None:
        whole = select(func.count()).where(RollEntry.election_id == query.election_id)
    elif len(conditions) == 1 and query.group_id is not None:
        whole = select(func.count()).where(GroupMember.group_id == query.group_id)
    if whole is not None:
        return db.session.scalar(whole) or 0, False
    some = select(literal(1)).select_from(Voter).where(*conditions).limit(MOST_COUNTED + 1).subquery()
    found = db.session.scalar(select(func.count()).select_from(some)) or 0
    return min(found, MOST_COUNTED), found > MOST_COUNTED


def _page_of_ids(query: VoterQuery, conditions: list[ColumnElement[bool]], few: bool, offset: int) -> list[int]:
    """Few hits are gathered by the index of words and then sorted; many are met soon on a walk in sorted order."""
    wanted = select(Voter.id)
    if few:
        hits = select(Voter.id).where(*conditions).cte("hits").prefix_with("MATERIALIZED", dialect="postgresql")
        wanted = wanted.join(hits, hits.c.id == Voter.id)
    else:
        wanted = wanted.where(*conditions)
    return list(db.session.scalars(wanted.order_by(*_order(query)).limit(PAGE_SIZE).offset(offset)))


def _rows(ids: list[int], election_id: int | None) -> list[VoterRow]:
    on_roll = (RollEntry.voter_id == Voter.id) & (RollEntry.election_id == election_id)
    found = db.session.execute(
        select(Voter, _pictures(), RollEntry.has_voted).outerjoin(RollEntry, on_roll).where(Voter.id.in_(ids))
    )
    rows = {voter.id: VoterRow(voter, pictures, has_voted) for voter, pictures, has_voted in found}
    return [rows[voter_id] for voter_id in ids if voter_id in rows]


def _pictures() -> Any:
    return select(func.count()).where(VoterFace.voter_id == Voter.id).correlate(Voter).scalar_subquery()


def _order(query: VoterQuery) -> list[ColumnElement[Any]]:
    columns = SORTS.get(query.sort, SORTS["voter_id"])
    return [column.desc() if query.descending else column.asc() for column in columns]
