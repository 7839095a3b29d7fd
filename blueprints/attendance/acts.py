"""What an officer does with a meeting: the code, the end, checking in by hand, leaving, the file."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, flash, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.attendance import bp, forms, words
from blueprints.attendance.meetings import meeting_page
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import AttendanceSession, transaction
from services.attendance import records, sessions
from services.errors import Conflict, ValidationFailed
from services.security import Permission


@bp.post("/meetings/<int:meeting_id>/code")
@requires(Permission.MANAGE_ATTENDANCE)
def new_code(meeting_id: int) -> ResponseReturnValue:
    """Give the meeting another code."""
    return _act(lambda: sessions.new_code(meeting_id, current_actor()), _("The code is new. The old one is over."))


@bp.post("/meetings/<int:meeting_id>/code/expire")
@requires(Permission.MANAGE_ATTENDANCE)
def expire_code(meeting_id: int) -> ResponseReturnValue:
    """End the code now."""
    said = _("The code is over. Whoever still types it is marked for your review.")
    return _act(lambda: sessions.expire_code(meeting_id, current_actor()), said)


@bp.post("/meetings/<int:meeting_id>/close")
@requires(Permission.MANAGE_ATTENDANCE)
def close_meeting(meeting_id: int) -> ResponseReturnValue:
    """Close the meeting now; refused while one of its votes is open."""
    try:
        return _act(lambda: sessions.close(meeting_id, current_actor()), _("The meeting is closed."))
    except Conflict as error:
        if wants_json():
            raise
        return meeting_page(meeting_id, error)


@bp.post("/meetings/<int:meeting_id>/extend")
@requires(Permission.MANAGE_ATTENDANCE)
def extend_meeting(meeting_id: int) -> ResponseReturnValue:
    """Let the meeting end later, by `minutes`."""
    values = body()
    try:
        minutes = forms.whole(values, "minutes", 0)
        return _act(lambda: sessions.extend(meeting_id, minutes, current_actor()), _("The meeting ends later."))
    except ValidationFailed as error:
        if wants_json():
            raise
        return meeting_page(meeting_id, error, values)


@bp.post("/meetings/<int:meeting_id>/by-hand")
@requires(Permission.MANAGE_ATTENDANCE)
def enter_by_hand(meeting_id: int) -> ResponseReturnValue:
    """Check a member in by hand: `voter_id`, `reason`."""
    values = body()
    try:
        number, reason = text_field(values, "voter_id", 40), text_field(values, "reason", records.MAX_REASON)
        with transaction():
            record = records.enter_by_hand(meeting_id, number, reason, current_actor())
            name, shown = record.voter.name, words.record_json(record)
    except (ValidationFailed, Conflict) as error:
        if wants_json():
            raise
        return meeting_page(meeting_id, error, values)
    if wants_json():
        return jsonify(check_in=shown), 201
    flash(_("%(name)s is checked in.", name=name), "ok")
    return redirect(url_for("attendance.meeting", meeting_id=meeting_id), 303)


@bp.post("/meetings/<int:meeting_id>/records/<int:record_id>/left")
@requires(Permission.MANAGE_ATTENDANCE)
def note_left(meeting_id: int, record_id: int) -> ResponseReturnValue:
    """Note that a member leaves now; pressed again, that the member is back."""
    with transaction():
        record = records.note_left(meeting_id, record_id, current_actor())
        name, gone, shown = record.voter.name, record.left_at is not None, words.record_json(record)
    if wants_json():
        return jsonify(check_in=shown)
    flash(_("%(name)s left.", name=name) if gone else _("%(name)s is back.", name=name), "ok")
    return redirect(url_for("attendance.meeting", meeting_id=meeting_id), 303)


@bp.get("/meetings/<int:meeting_id>/attendance.csv")
@requires(Permission.MANAGE_ATTENDANCE)
def export_attendance(meeting_id: int) -> ResponseReturnValue:
    """Download the attendance table as CSV; the download is in the audit log."""
    with transaction():
        content = records.as_csv(meeting_id, current_actor())
    headers = {"Content-Disposition": f'attachment; filename="attendance-{meeting_id}.csv"'}
    return Response(content, content_type="text/csv; charset=utf-8", headers=headers)


def _act(act: Callable[[], AttendanceSession], said: str) -> ResponseReturnValue:
    """Do it in one transaction, and answer with the meeting."""
    with transaction():
        session = act()
        shown = words.meeting_json(session)
    if wants_json():
        return jsonify(meeting=shown)
    flash(said, "ok")
    return redirect(url_for("attendance.meeting", meeting_id=shown["id"]), 303)
