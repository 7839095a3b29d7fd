"""A check-in that is on record, as the member sees it: its state, what was doubted, and the one objection."""

from __future__ import annotations

from flask import g, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from blueprints import limits
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.meeting_words import FLAGS
from blueprints.policy import requires
from blueprints.voter import bp
from models import AttendanceRecord, FlagKind, transaction
from services import motions
from services.attendance import reviews
from services.clock import utc_now
from services.errors import ValidationFailed
from services.security import Permission


@bp.post("/meetings/<int:meeting_id>/objection")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.CODES, key_func=limits.own_key)
def object_to_check_in(meeting_id: int) -> ResponseReturnValue:
    """Object once to a rejected check-in: `objection`, in words."""
    values = body()
    words = text_field(values, "objection", reviews.MAX_NOTE)
    try:
        with transaction():
            record = reviews.object_to(meeting_id, g.principal.id, words, current_actor())
            shown = {"status": record.status.value, "objection": record.objection}
    except ValidationFailed as error:
        if wants_json():
            raise
        return record_page(reviews.own_record(meeting_id, g.principal.id), error.message, words), error.status
    if wants_json():
        return jsonify(check_in=shown)
    return redirect(url_for("voter.check_in", meeting_id=meeting_id), 303)


def record_page(record: AttendanceRecord, error: str = "", typed: str = "", code_error: str = "") -> str:
    """Return the page of a check-in on record, with the votes that are open to the member."""
    return render_template(
        "voter/checked_in.html", meeting=record.session, record=record, doubts=FLAGS, error=error, typed=typed,
        other_phone=any(flag.kind is FlagKind.OTHER_DEVICE for flag in record.flags),
        may_object=reviews.may_object(record), object_until=reviews.objection_until(record),
        code_error=code_error, is_on=record.session.over_at > utc_now(),
        votes=motions.open_to(record.session_id, record.voter_id),
    )  # fmt: skip
