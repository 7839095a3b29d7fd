"""The questions that every step of a check-in asks, as statements built once.

A hall of members asks them within a minute; building one anew took as long as the database took to answer it. Their
parameters are `session_id` and `voter_id`.
"""

from __future__ import annotations

from sqlalchemy import BindParameter, and_, bindparam, select
from sqlalchemy.orm import contains_eager

from models import AttendanceAttempt, AttendanceRecord, AttendanceSession, GroupMember

_MEETING: BindParameter[int] = bindparam("session_id")
_VOTER: BindParameter[int] = bindparam("voter_id")
_UNUSED = AttendanceAttempt.used_at.is_(None)
_IN_ITS_GROUP = and_(GroupMember.group_id == AttendanceSession.group_id, GroupMember.voter_id == _VOTER)

RECORD = select(AttendanceRecord).where(AttendanceRecord.session_id == _MEETING, AttendanceRecord.voter_id == _VOTER)
"""The record of a member."""

_ITS_RECORD = and_(AttendanceRecord.session_id == AttendanceSession.id, AttendanceRecord.voter_id == _VOTER)

STANDING = (
    select(AttendanceSession, AttendanceRecord, AttendanceAttempt)
    .join(GroupMember, _IN_ITS_GROUP)
    .outerjoin(AttendanceRecord, _ITS_RECORD)
    .outerjoin(
        AttendanceAttempt,
        and_(AttendanceAttempt.session_id == AttendanceSession.id, AttendanceAttempt.voter_id == _VOTER, _UNUSED),
    )
    .where(AttendanceSession.id == _MEETING)
)
"""A meeting of the member's groups, with the record and the unfinished check-in, where there are."""

OPEN = (
    select(AttendanceAttempt)
    .join(AttendanceAttempt.session)
    .join(AttendanceAttempt.voter)
    .join(GroupMember, _IN_ITS_GROUP)
    .options(contains_eager(AttendanceAttempt.session), contains_eager(AttendanceAttempt.voter))
    .where(AttendanceAttempt.session_id == _MEETING, AttendanceAttempt.voter_id == _VOTER, _UNUSED)
)
"""The unfinished check-in of a member of the group, with meeting and voter."""

OPEN_LOCKED = OPEN.with_for_update(of=AttendanceAttempt).execution_options(populate_existing=True)
"""The same, for whoever writes: as it is once everybody who wrote before is through."""

OF_MEMBER = (
    select(AttendanceSession, AttendanceRecord)
    .join(GroupMember, _IN_ITS_GROUP)
    .join(AttendanceSession.group)
    .outerjoin(AttendanceRecord, _ITS_RECORD)
    .options(contains_eager(AttendanceSession.group))
    .order_by(AttendanceSession.starts_at.desc())
    .limit(bindparam("most"))
)
"""The meetings of a member's groups, with the record of each; `most` of them at most."""
