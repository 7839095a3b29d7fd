"""How many members are present, now or at a moment: confirmed check-ins of who has not left. Counts, never names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select

from models import AttendanceRecord, AttendanceSession, Election, ElectionStatus, GroupMember, RecordStatus, db
from services.clock import utc_now
from services.presence.rule import needed_of, rule_of


@dataclass(frozen=True)
class Standing:
    """Who is present at the meeting of an election, and whether that is enough."""

    present: int
    needed: int
    members: int

    @property
    def holds(self) -> bool:
        return self.present >= self.needed


def standing_of(election: Election) -> Standing | None:
    """Return how the quorum of an election stands now, None for one without a meeting. Of a draft by today's group."""
    rule = rule_of(election)
    if rule is None or election.meeting_id is None:
        return None
    members = rule.members or members_of(election.meeting_id)
    return Standing(present_now(election.meeting_id), rule.needed or needed_of(rule, members), members)


def present_now(meeting_id: int) -> int:
    """Return how many are present; nobody is once the meeting is over."""
    query = select(func.count()).select_from(AttendanceRecord).join(AttendanceRecord.session)
    there = AttendanceRecord.session_id == meeting_id, is_present()
    return db.session.scalar(query.where(*there)) or 0


def present_at(meeting_id: int, moment: datetime) -> int:
    """Return how many were present at a moment that lies a little back: the worker may be late."""
    gone = or_(AttendanceRecord.left_at.is_(None), AttendanceRecord.left_at > moment)
    there = AttendanceRecord.session_id == meeting_id, AttendanceRecord.checked_in_at <= moment, counts(), gone
    return db.session.scalar(select(func.count()).select_from(AttendanceRecord).where(*there)) or 0


def has_open_vote(meeting_id: int) -> bool:
    """Tell whether somebody may vote in this meeting now: with its end nobody would be present any more."""
    now = utc_now()
    is_open = Election.status == ElectionStatus.ACTIVE, Election.closes_at > now
    return db.session.scalar(select(exists().where(Election.meeting_id == meeting_id, *is_open))) or False


def members_of(meeting_id: int) -> int:
    """Return how many members the group of the meeting has."""
    group = select(AttendanceSession.group_id).where(AttendanceSession.id == meeting_id).scalar_subquery()
    return db.session.scalar(select(func.count()).where(GroupMember.group_id == group)) or 0


def is_present() -> ColumnElement[bool]:
    """Return the condition that a check-in, joined with its meeting, is of somebody who is present now."""
    on = AttendanceSession.closed_at.is_(None) & (AttendanceSession.ends_at > utc_now())
    return counts() & AttendanceRecord.left_at.is_(None) & on


def counts() -> ColumnElement[bool]:
    """Return the condition that a check-in counts: in order by itself, or confirmed by who looked at it."""
    return AttendanceRecord.status == RecordStatus.CONFIRMED
