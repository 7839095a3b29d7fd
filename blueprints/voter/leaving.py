"""Leaving a meeting, and coming back to it: the quorum of its votes counts who is there."""

from __future__ import annotations

from flask import flash, g, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import limits
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from blueprints.voter import bp
from blueprints.voter.checked_in import record_page
from models import AttendanceRecord, transaction
from services.attendance import Entry, records, reviews
from services.security import Permission


@bp.post("/meetings/<int:meeting_id>/leave")
@requires(Permission.OWN_VOTES)
def leave_meeting(meeting_id: int) -> ResponseReturnValue:
    """Say that one leaves the meeting: the quorum is counted without, and no ballot of it opens any more."""
    body()
    with transaction():
        record = records.leave(meeting_id, g.principal.id, current_actor())
    return _done(record, _("You left the meeting."))


@bp.post("/meetings/<int:meeting_id>/back")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.CODES, key_func=limits.own_key)
def come_back(meeting_id: int) -> ResponseReturnValue:
    """Come back by the `code` on the screen."""
    code = text_field(body(), "code", 40)
    with transaction():
        back = records.come_back(meeting_id, g.principal.id, code, current_actor())
    record = reviews.own_record(meeting_id, g.principal.id)
    if back:
        return _done(record, _("You are back in the meeting."))
    words = _("This is not the code of this moment. Look at the screen and type it again.")
    if wants_json():
        return jsonify(error={"code": Entry.WRONG_CODE.value, "message": words}), 422
    return record_page(record, code_error=words), 422


def _done(record: AttendanceRecord, said: str) -> ResponseReturnValue:
    if wants_json():
        return jsonify(left_at=record.left_at.isoformat() if record.left_at else None)
    flash(said, "ok")
    return redirect(url_for("voter.check_in", meeting_id=record.session_id), 303)
