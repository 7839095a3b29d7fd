"""The one gate before every ballot of a meeting: booth, link, account and API ask here, and each cast asks again."""

from __future__ import annotations

import enum

from sqlalchemy import exists, select, text

from models import AttendanceRecord, Election, db
from services.presence.counting import is_present, standing_of


class Absence(enum.StrEnum):
    """Why a member opens no ballot now."""

    ABSENT = "absent"
    """Not checked in, left, not confirmed, or the meeting is over."""
    NO_QUORUM = "no_quorum"


def refusal(election: Election, voter_id: int) -> Absence | None:
    """Return why this voter cannot vote in this moment, None for who is present while the quorum holds.

    An election without a meeting refuses nobody. Nothing is written and no row is locked.
    """
    if election.meeting_id is None:
        return None
    here = AttendanceRecord.session_id == election.meeting_id, AttendanceRecord.voter_id == voter_id
    present = select(AttendanceRecord.id).join(AttendanceRecord.session)
    present = present.where(*here, is_present())
    if not db.session.scalar(select(exists(present))):
        return Absence.ABSENT
    standing = standing_of(election)
    return None if standing is None or standing.holds else Absence.NO_QUORUM


def refusal_at_cast(election: Election, voter_id: int) -> Absence | None:
    """Ask again in the transaction of a cast: who leaves in this moment waits until it is done, or comes before it."""
    if election.meeting_id is None:
        return None
    lock = text("SELECT pg_advisory_xact_lock_shared(sv_meeting_lock(:meeting))")
    db.session.execute(lock, {"meeting": election.meeting_id})
    return refusal(election, voter_id)
