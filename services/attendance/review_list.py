"""Check-ins that somebody doubted, as staff look through them: filters, pages, and the next that waits."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from models import AttendanceRecord, AttendanceSession, FlagKind, Group, PresenceFlag, RecordStatus, Voter, db
from services.actor import Actor
from services.attendance import sessions
from services.voters import normalise_voter_number

PAGE_SIZE = 50
WAITING, OBJECTED, CONFIRMED, REJECTED, ALL = "", "objected", "confirmed", "rejected", "all"
STATES = (WAITING, OBJECTED, CONFIRMED, REJECTED, ALL)


@dataclass(frozen=True)
class Query:
    """What to look for; `state` is one of STATES, `text` a voter ID or part of a name or of a meeting's title."""

    state: str = WAITING
    kind: FlagKind | None = None
    group_id: int | None = None
    session_id: int | None = None
    text: str = ""
    page: int = 1

    @property
    def narrowed(self) -> bool:
        """Tell whether more than the state is asked for."""
        return bool(self.kind or self.group_id or self.session_id or self.text)


@dataclass(frozen=True)
class Page:
    rows: list[AttendanceRecord]
    total: int
    page: int
    pages: int


def search(query: Query, actor: Actor) -> Page:
    """Return fifty check-ins that were doubted: objections first, then the newest. An officer sees the own meetings."""
    chosen = select(AttendanceRecord).join(AttendanceSession).join(Voter).where(*_conditions(query, actor))
    total = db.session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(query.page, 1), pages)
    waits = AttendanceRecord.objected_at.is_not(None) & (AttendanceRecord.status == RecordStatus.FLAGGED)
    whole = (
        joinedload(AttendanceRecord.voter), joinedload(AttendanceRecord.reviewer),
        joinedload(AttendanceRecord.session).joinedload(AttendanceSession.group), selectinload(AttendanceRecord.flags),
    )  # fmt: skip
    rows = chosen.options(*whole).order_by(waits.desc(), AttendanceRecord.id.desc())
    return Page(list(db.session.scalars(rows.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE))), total, page, pages)


def count_waiting(actor: Actor) -> int:
    """Return how many check-ins of the meetings that this person may see wait for a decision."""
    waits = select(func.count()).select_from(AttendanceRecord).where(AttendanceRecord.status == RecordStatus.FLAGGED)
    mine = sessions.visible_to(actor)
    return db.session.scalar(waits.join(AttendanceSession).where(*mine) if mine else waits) or 0


def next_waiting(record: AttendanceRecord, actor: Actor) -> int | None:
    """Return the check-in to look at after this one, of the same meeting first; None when nothing waits."""
    waits = [AttendanceRecord.status == RecordStatus.FLAGGED, *sessions.visible_to(actor)]
    same = AttendanceRecord.session_id == record.session_id
    chosen = select(AttendanceRecord.id).join(AttendanceSession).where(*waits, AttendanceRecord.id != record.id)
    return db.session.scalars(chosen.order_by(same.desc(), AttendanceRecord.id.desc()).limit(1)).first()


def groups_seen(actor: Actor) -> list[tuple[int, str]]:
    """Return the groups of the meetings that this person may see, by name."""
    used = exists().where(AttendanceSession.group_id == Group.id, *sessions.visible_to(actor))
    rows = db.session.execute(select(Group.id, Group.name).where(used).order_by(func.lower(Group.name)))
    return [(number, name) for number, name in rows]


def _conditions(query: Query, actor: Actor) -> list[ColumnElement[bool]]:
    found = [*sessions.visible_to(actor), _in_state(query.state)]
    if query.kind is not None:
        found.append(exists().where(PresenceFlag.record_id == AttendanceRecord.id, PresenceFlag.kind == query.kind))
    if query.group_id is not None:
        found.append(AttendanceSession.group_id == query.group_id)
    if query.session_id is not None:
        found.append(AttendanceRecord.session_id == query.session_id)
    if query.text:
        named = Voter.name.icontains(query.text, autoescape=True)
        titled = AttendanceSession.title.icontains(query.text, autoescape=True)
        found.append(or_(named, titled, Voter.voter_id == normalise_voter_number(query.text)))
    return found


def _in_state(state: str) -> ColumnElement[bool]:
    flagged = AttendanceRecord.status == RecordStatus.FLAGGED
    if state == OBJECTED:
        return AttendanceRecord.objected_at.is_not(None)
    if state == CONFIRMED:
        return and_(AttendanceRecord.status == RecordStatus.CONFIRMED, AttendanceRecord.reviewed_at.is_not(None))
    if state == REJECTED:
        return AttendanceRecord.status == RecordStatus.REJECTED
    return flagged if state == WAITING else or_(flagged, AttendanceRecord.reviewed_at.is_not(None))
