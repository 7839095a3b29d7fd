"""A member's check-in that is on record: its state, the one objection, leaving the meeting and coming back to it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from flask import g
from pydantic import Field, StringConstraints

from blueprints import limits
from blueprints.api import bp
from blueprints.api.check_in import GROUP, NotLetIn, TypedCode
from blueprints.api.operations import documented
from blueprints.api.shapes import TEXT, Shape
from blueprints.http import current_actor
from blueprints.meeting_words import FLAGS
from blueprints.policy import requires
from models import AttendanceRecord, FlagKind, RecordStatus, transaction
from services.attendance import Entry, records, reviews
from services.clock import utc_now
from services.security import Permission


class OwnDoubt(Shape):
    """What was doubtful, in a few words."""

    kind: FlagKind
    title: str


class OwnRecord(Shape):
    """Your check-in. `doubts` until it is confirmed; `review_note`: what the officer wrote.

    `may_object`: you can object now, until `objection_until`; `final`: the decision came after your objection.
    `meeting_on`: the meeting goes on, so you can leave it or come back.
    """

    status: RecordStatus
    checked_in_at: datetime
    late: bool
    left_at: datetime | None
    meeting_on: bool
    doubts: list[OwnDoubt]
    review_note: str | None
    reviewed_at: datetime | None
    objection: str | None
    objected_at: datetime | None
    may_object: bool
    objection_until: datetime | None
    final: bool


class Objection(Shape):
    """Why your check-in was right. You can object once."""

    objection: Annotated[str, StringConstraints(min_length=1, max_length=reviews.MAX_NOTE, pattern=TEXT),
                         Field(examples=["I sat in the last row."])]  # fmt: skip


@bp.get("/me/meetings/<int:meeting_id>/record")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.API, key_func=limits.api_own_key)
@documented(GROUP, OwnRecord)
def own_record(meeting_id: int) -> OwnRecord:
    """Show your check-in as it stands: whether it counts, what was doubtful, and what was decided."""
    return _shown(meeting_id)


@bp.post("/me/meetings/<int:meeting_id>/objection")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.CODES, key_func=limits.api_own_key)
@documented(GROUP, OwnRecord, Objection, refuses=(409,))
def object_to_check_in(meeting_id: int, body: Objection) -> OwnRecord:
    """Object once to a rejected check-in. Somebody else decides, for good."""
    with transaction():
        reviews.object_to(meeting_id, g.principal.id, body.objection, current_actor())
    return _shown(meeting_id)


@bp.post("/me/meetings/<int:meeting_id>/leave")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.API, key_func=limits.api_own_key)
@documented(GROUP, OwnRecord, refuses=(409,))
def leave_meeting(meeting_id: int) -> OwnRecord:
    """Say that you leave. The quorum is counted without you, and no ballot of the meeting opens any more. Repeated it
    changes nothing."""
    with transaction():
        records.leave(meeting_id, g.principal.id, current_actor())
    return _shown(meeting_id)


@bp.post("/me/meetings/<int:meeting_id>/back")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.CODES, key_func=limits.api_own_key)
@documented(GROUP, OwnRecord, TypedCode, refuses=(409,))
def come_back(meeting_id: int, body: TypedCode) -> OwnRecord:
    """Come back by the code that is on the screen now. Repeated it changes nothing."""
    with transaction():
        back = records.come_back(meeting_id, g.principal.id, body.code, current_actor())
    if not back:
        raise NotLetIn(Entry.WRONG_CODE)
    return _shown(meeting_id)


def _shown(meeting_id: int) -> OwnRecord:
    found: AttendanceRecord = reviews.own_record(meeting_id, g.principal.id)
    same = ("status", "checked_in_at", "late", "left_at", "review_note", "reviewed_at", "objection", "objected_at")
    doubted = found.flags if found.status is not RecordStatus.CONFIRMED else []
    return OwnRecord(
        **{name: getattr(found, name) for name in same}, meeting_on=found.session.over_at > utc_now(),
        doubts=[OwnDoubt(kind=flag.kind, title=str(FLAGS[flag.kind.value])) for flag in doubted],
        may_object=reviews.may_object(found), final=found.is_final,
        objection_until=reviews.objection_until(found) if reviews.may_object(found) else None,
    )  # fmt: skip
