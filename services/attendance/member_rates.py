"""How often each member came: of the meetings of the own groups that were held, attended, late and missed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from models import AttendanceRecord, AttendanceSession, GroupMember, Voter, db
from services.actor import Actor
from services.attendance.overview import Span, came, in_span, of_members

PAGE_SIZE = 50
SORTS = ("name", "attended", "late", "missed", "share")
MAX_SEARCH = 100


@dataclass(frozen=True)
class MemberRate:
    """A member: meetings of the own groups that were held, attended, and of those late."""

    voter_id: str
    name: str
    expected: int
    attended: int
    late: int

    @property
    def missed(self) -> int:
        return self.expected - self.attended

    @property
    def share(self) -> float:
        """Attended in percent of those held."""
        return 100 * self.attended / self.expected


@dataclass(frozen=True)
class MemberPage:
    rows: list[MemberRate]
    total: int
    page: int
    pages: int


def search(span: Span, text: str, sort: str, descending: bool, page: int, actor: Actor) -> MemberPage:
    """Return a page of the members whose name or voter ID has the text; `sort` is one of SORTS."""
    found = _rates(span, text, actor)
    total = db.session.scalar(select(func.count()).select_from(found.order_by(None).subquery())) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 1), pages)
    ordered = _ordered(found, sort, descending).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    return MemberPage([MemberRate(*row) for row in db.session.execute(ordered)], total, page, pages)


def everybody(span: Span, text: str, actor: Actor) -> list[MemberRate]:
    """Return all members that `search` would page through, by name."""
    return [MemberRate(*row) for row in db.session.execute(_ordered(_rates(span, text, actor), "name", False))]


def _rates(span: Span, text: str, actor: Actor) -> Select[*tuple[Any, ...]]:
    wanted = in_span(span, actor)
    held = select(AttendanceSession.group_id, func.count().label("number")).where(*wanted)
    held_by_group = held.group_by(AttendanceSession.group_id).subquery()
    expected = (
        select(GroupMember.voter_id, func.sum(held_by_group.c.number).label("number"))
        .join(held_by_group, held_by_group.c.group_id == GroupMember.group_id)
        .group_by(GroupMember.voter_id)
        .subquery()
    )
    attended, late = func.count().filter(came()), func.count().filter(came(), AttendanceRecord.late)
    counted = of_members(
        select(AttendanceRecord.voter_id, attended.label("attended"), late.label("late")).select_from(AttendanceRecord)
    )
    there = counted.where(*wanted).group_by(AttendanceRecord.voter_id).subquery()
    columns = _whole(expected.c.number), _whole(there.c.attended), _whole(there.c.late)
    rates = select(Voter.voter_id, Voter.name, *columns).join(expected, expected.c.voter_id == Voter.id)
    return rates.outerjoin(there, there.c.voter_id == Voter.id).where(*_matching(text))


def _whole(number: ColumnElement[Any]) -> ColumnElement[int]:
    return func.coalesce(number, 0).cast(db.Integer).label(number.key or "number")


def _matching(text: str) -> list[ColumnElement[bool]]:
    if not text:
        return []
    digits = text.replace(" ", "")
    return [Voter.name.icontains(text, autoescape=True) | Voter.voter_id.startswith(digits, autoescape=True)]


def _ordered(rates: Select[*tuple[Any, ...]], sort: str, descending: bool) -> Select[*tuple[Any, ...]]:
    number, name, expected, attended, late = rates.selected_columns
    keys: dict[str, Any] = {
        "name": func.lower(name), "attended": attended, "late": late, "missed": expected - attended,
        "share": attended * 1.0 / expected,
    }  # fmt: skip
    key = keys.get(sort, keys["name"])
    return rates.order_by(key.desc() if descending else key, func.lower(name), number)
