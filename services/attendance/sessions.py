"""Meetings: made for a group by an officer, with a code, a place and layers; closed by hand or by their end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select

from models import (
    AttendanceRecord,
    AttendanceSession,
    Group,
    GroupMember,
    Layer,
    RecordStatus,
    StaffRole,
    db,
)
from services import audit_logger, presence
from services.actor import Actor
from services.attendance import codes
from services.clock import utc_now
from services.errors import Conflict, NotFound, ValidationFailed
from services.geo import Place

MAX_TITLE = 120
PAGE_SIZE = 50
EARLY = timedelta(minutes=30)
"""So long before its start a meeting takes check-ins: people come before it begins."""
MINUTES = (5, 24 * 60)
"""Shortest and longest meeting."""
RADIUS_M = (10, 100_000)
MOST_EXTENDED = timedelta(hours=12)


@dataclass(frozen=True)
class Entries:
    """What an officer says about a new meeting; times are aware, `place` has degrees and metres."""

    group_id: int
    title: str
    starts_at: datetime
    minutes: int
    layers: Sequence[str] = field(default=())
    place: Place | None = None
    rolling: bool = False
    late_after_minutes: int = 10


@dataclass(frozen=True)
class SessionRow:
    """A meeting in the list: members of its group, and how many of them were there."""

    session: AttendanceSession
    members: int
    present: int
    flagged: int


@dataclass(frozen=True)
class SessionPage:
    rows: list[SessionRow]
    total: int
    page: int
    pages: int


def create(entries: Entries, actor: Actor) -> AttendanceSession:
    """Make a meeting; raises ValidationFailed with a sentence for each entry that cannot be."""
    _check(entries)
    place = entries.place
    made = AttendanceSession(
        group_id=entries.group_id, title=entries.title.strip(), starts_at=entries.starts_at,
        ends_at=entries.starts_at + timedelta(minutes=entries.minutes), rolling=entries.rolling,
        late_after_minutes=entries.late_after_minutes, layers=[one.value for one in Layer if one in entries.layers],
        latitude=place.latitude if place else None, longitude=place.longitude if place else None,
        radius_m=round(place.radius_m) if place else None, code_secret=codes.new_secret(), code_version=1,
        created_by=actor.id, created_at=utc_now(),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    audit_logger.record("staff:meeting:created", actor, subject_id=made.id, title=made.title)
    return made


def find(session_id: int, actor: Actor) -> AttendanceSession:
    """Return a meeting that this member of staff may see: an admin all, an officer the own ones; raises NotFound."""
    found = db.session.get(AttendanceSession, session_id)
    if found is None or not _may_see(found, actor):
        raise no_meeting()
    return found


def search(text: str, page: int, actor: Actor) -> SessionPage:
    """Return the meetings whose title or group has the text, the newest first."""
    wanted = visible_to(actor)
    if text:
        named = select(Group.id).where(Group.name.icontains(text, autoescape=True))
        titled = AttendanceSession.title.icontains(text, autoescape=True)
        wanted = [*wanted, titled | AttendanceSession.group_id.in_(named)]
    total = db.session.scalar(select(func.count()).select_from(AttendanceSession).where(*wanted)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 1), pages)
    newest = AttendanceSession.starts_at.desc(), AttendanceSession.id.desc()
    rows = db.session.scalars(
        select(AttendanceSession).where(*wanted).order_by(*newest).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    ).all()
    return SessionPage(_with_figures(rows), total, page, pages)


def to_come(actor: Actor) -> list[AttendanceSession]:
    """Return the meetings that are not over, the next one first."""
    on = AttendanceSession.closed_at.is_(None), AttendanceSession.ends_at > utc_now(), *visible_to(actor)
    return list(db.session.scalars(select(AttendanceSession).where(*on).order_by(AttendanceSession.starts_at)))


def figures_of(session: AttendanceSession) -> SessionRow:
    """Return a meeting with its members and who of them is there."""
    return _with_figures([session])[0]


def here_now(session_id: int) -> int:
    """Return how many are in the room: checked in, not rejected and not gone; doubtful ones too."""
    gone = AttendanceRecord.left_at.is_not(None) | (AttendanceRecord.status == RecordStatus.REJECTED)
    here = select(func.count()).where(AttendanceRecord.session_id == session_id, ~gone)
    return db.session.scalar(here) or 0


def for_member(session_id: int, voter_id: int) -> AttendanceSession:
    """Return a meeting of one of the member's groups; raises NotFound for every other."""
    its_group = (GroupMember.group_id == AttendanceSession.group_id) & (GroupMember.voter_id == voter_id)
    mine = select(AttendanceSession).join(GroupMember, its_group).where(AttendanceSession.id == session_id)
    found = db.session.scalar(mine)
    if found is None:
        raise no_meeting()
    return found


def no_meeting() -> NotFound:
    """Return the refusal for a meeting that does not exist or is none of one's own: both sound the same."""
    return NotFound(_("There is no such meeting."))


def new_code(session_id: int, actor: Actor) -> AttendanceSession:
    """Give the meeting another code; the one before is worth nothing from now on."""
    session = _open(session_id, actor)
    session.code_version += 1
    session.code_expires_at = None
    audit_logger.record("staff:meeting:new_code", actor, subject_id=session.id, title=session.title)
    return session


def expire_code(session_id: int, actor: Actor) -> AttendanceSession:
    """End the code now: who still types it is flagged."""
    session = _open(session_id, actor)
    if session.code_expires_at is None or session.code_expires_at > utc_now():
        session.code_expires_at = utc_now()
        audit_logger.record("staff:meeting:code_expired", actor, subject_id=session.id, title=session.title)
    return session


def extend(session_id: int, minutes: int, actor: Actor) -> AttendanceSession:
    """Let the meeting end later; raises ValidationFailed for less than a minute or more than twelve hours."""
    session = _open(session_id, actor)
    if not 1 <= minutes <= MOST_EXTENDED.total_seconds() // 60:
        raise ValidationFailed(fields={"minutes": _("Write 1 to 720 minutes.")})
    before = session.ends_at
    session.ends_at = before + timedelta(minutes=minutes)
    audit_logger.record(
        "staff:meeting:extended", actor, subject_id=session.id, title=session.title, before=before.isoformat(),
        after=session.ends_at.isoformat(),
    )  # fmt: skip
    return session


def close(session_id: int, actor: Actor) -> AttendanceSession:
    """Close the meeting now; check-ins that come later are flagged. Raises Conflict while one of its votes is open."""
    session = _open(session_id, actor)
    if presence.has_open_vote(session.id):
        raise Conflict(_("A vote of this meeting is open. Close the meeting when the vote has ended."))
    session.closed_at = utc_now()
    audit_logger.record("staff:meeting:closed", actor, subject_id=session.id, title=session.title)
    return session


def close_due(actor: Actor) -> int:
    """Close the meetings whose end has come; return how many. For the worker."""
    over = AttendanceSession.closed_at.is_(None), AttendanceSession.ends_at <= utc_now()
    due = db.session.scalars(select(AttendanceSession).where(*over).with_for_update(skip_locked=True)).all()
    for session in due:
        session.closed_at = session.ends_at
        audit_logger.record("worker:meeting:closed", actor, subject_id=session.id, title=session.title)
    return len(due)


def end_of(session: AttendanceSession) -> datetime:
    """Return when the meeting ends, or ended."""
    return session.over_at


def fence_of(session: AttendanceSession) -> Place | None:
    """Return the place with its radius, None for a meeting without one."""
    if session.latitude is None or session.longitude is None or session.radius_m is None:
        return None
    return Place(session.latitude, session.longitude, session.radius_m)


def visible_to(actor: Actor) -> list[ColumnElement[bool]]:
    """Return the conditions on `AttendanceSession` for those this member of staff may see."""
    return [] if actor.role == StaffRole.ADMIN else [AttendanceSession.created_by == actor.id]


def _open(session_id: int, actor: Actor) -> AttendanceSession:
    session = find(session_id, actor)
    db.session.flush()
    db.session.refresh(session, with_for_update=True)
    if session.closed_at is not None or session.ends_at <= utc_now():
        raise Conflict(_("This meeting is closed."))
    return session


def _may_see(session: AttendanceSession, actor: Actor) -> bool:
    return actor.role == StaffRole.ADMIN or session.created_by == actor.id


def _with_figures(rows: Sequence[AttendanceSession]) -> list[SessionRow]:
    groups, ids = {row.group_id for row in rows}, [row.id for row in rows]
    counted = select(GroupMember.group_id, func.count()).where(GroupMember.group_id.in_(groups))
    members = {group: count for group, count in db.session.execute(counted.group_by(GroupMember.group_id))}  # noqa: C416 (rows are no pairs)
    there = func.count().filter(AttendanceRecord.status != RecordStatus.REJECTED)
    flagged = func.count().filter(AttendanceRecord.status == RecordStatus.FLAGGED)
    found = db.session.execute(
        select(AttendanceRecord.session_id, there, flagged)
        .where(AttendanceRecord.session_id.in_(ids))
        .group_by(AttendanceRecord.session_id)
    )
    present = {session_id: (here, doubtful) for session_id, here, doubtful in found}
    return [SessionRow(row, members.get(row.group_id, 0), *present.get(row.id, (0, 0))) for row in rows]


def _check(entries: Entries) -> None:
    errors: dict[str, str] = {}
    if not entries.title.strip() or len(entries.title) > MAX_TITLE:
        errors["title"] = _("Give the meeting a title of at most %(most)s characters.", most=MAX_TITLE)
    if db.session.get(Group, entries.group_id) is None:
        errors["group"] = _("Choose the group that meets.")
    if not MINUTES[0] <= entries.minutes <= MINUTES[1]:
        errors["minutes"] = _(
            "Write how long it lasts: %(least)s to %(most)s minutes.", least=MINUTES[0], most=MINUTES[1]
        )
    elif entries.starts_at + timedelta(minutes=entries.minutes) <= utc_now():
        errors["starts_at"] = _("This meeting would be over already. Choose a later start.")
    if not 0 <= entries.late_after_minutes <= 24 * 60:
        errors["late_after_minutes"] = _("Write 0 to 1,440 minutes.")
    errors |= _check_place(entries)
    if errors:
        raise ValidationFailed(fields=errors)


def _check_place(entries: Entries) -> dict[str, str]:
    place = entries.place
    if place is None:
        missing = _("Give the place, or do not ask for the location.")
        return {"latitude": missing} if Layer.LOCATION in entries.layers else {}
    errors = {}
    if not -90 <= place.latitude <= 90:
        errors["latitude"] = _("The latitude lies between -90 and 90.")
    if not -180 <= place.longitude <= 180:
        errors["longitude"] = _("The longitude lies between -180 and 180.")
    if not RADIUS_M[0] <= place.radius_m <= RADIUS_M[1]:
        errors["radius_m"] = _("Write a radius of 10 to 100,000 metres.")
    return errors
