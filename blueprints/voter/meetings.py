"""My meetings, and checking in to one: the code, then one step after the other."""

from __future__ import annotations

from typing import Any

from flask import g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import UnsupportedMediaType

from blueprints import camera_words, limits
from blueprints.http import body, current_actor, frame_field, frames_field, text_field, wants_json, whole_field
from blueprints.policy import requires
from blueprints.voter import bp
from blueprints.voter.checked_in import record_page
from blueprints.voter.onward import due, left_by, onward
from models import AttendanceAttempt, AuthResult, transaction
from services.attendance import Entry, Layer, checkin, layers, selfie, steps
from services.clock import utc_now
from services.errors import ValidationFailed
from services.face_service.liveness import STEP_SECONDS
from services.identification import CameraChanged, Interrupted, Pending, Verdict
from services.security import Permission

ADVICE_BYTES = 1024 * 1024 + 64 * 1024
"""One frame of at most 1 MB."""
VERIFY_BYTES = 8 * 1024 * 1024 + 64 * 1024
"""A chunk of 8 frames of at most 1 MB."""


@bp.get("/meetings")
@requires(Permission.OWN_VOTES)
def meetings() -> ResponseReturnValue:
    """List the meetings of the member's groups, first those where a check-in is due, with what became of each."""
    me, now = g.principal.id, utc_now()
    rows = [(one, record, checkin.stage(one, now)) for one, record in checkin.of_member(me)]
    rows.sort(key=lambda row: row[1] is not None or row[2] != "open")
    if wants_json():
        return jsonify(
            meetings=[
                {"id": one.id, "title": one.title, "starts_at": one.starts_at.isoformat(), "stage": stage,
                 "ends_at": one.ends_at.isoformat(), "status": record.status.value if record else None}
                for one, record, stage in rows
            ]
        )  # fmt: skip
    return render_template("voter/meetings.html", rows=rows)


@bp.get("/meetings/<int:meeting_id>")
@requires(Permission.OWN_VOTES)
def check_in(meeting_id: int) -> ResponseReturnValue:
    """Show the step that is due: the code, device, location, face, photo of the room; or what is on record."""
    return _page(meeting_id)


@bp.post("/meetings/<int:meeting_id>/code")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.CODES, key_func=limits.own_key)
def check_in_code(meeting_id: int) -> ResponseReturnValue:
    """Open the check-in by `code`; a wrong one, and a meeting that is not on, are answered in words.

    In JSON `next` is what the steps that follow need; `page`: answer with the page of the record, once there is one.
    """
    values = body()
    code = text_field(values, "code", 40)
    with transaction():
        begun = checkin.begin(meeting_id, g.principal.id, code, current_actor())
        left = left_by(begun.record, begun.attempt, values.get("page") is True)
    words = {
        Entry.WRONG_CODE: _("This is not the code of this moment. Look at the screen and type it again."),
        Entry.TOO_EARLY: _("Check-in opens half an hour before the start."),
        Entry.OVER: _("The meeting is over. The officer can still check you in."),
    }.get(begun.entry)
    if words is None:
        return onward(meeting_id, left)
    if wants_json():
        return jsonify(error={"code": begun.entry.value, "message": words}), 422
    return _page(meeting_id, words), 422


@bp.post("/meetings/<int:meeting_id>/face/start")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.CODES, key_func=limits.own_key)
def check_in_face_start(meeting_id: int) -> ResponseReturnValue:
    """Draw the movements: `{challenge}`, or `redirect` where this step is over."""
    body()
    with transaction():
        attempt = steps.begin_selfie(meeting_id, g.principal.id, current_actor())
        challenge = _challenge(attempt)
        left = left_by(None if challenge else checkin.record_of(meeting_id, g.principal.id))
    if challenge is None:
        return onward(meeting_id, left)
    return jsonify(challenge=challenge)


@bp.post("/meetings/<int:meeting_id>/face/advice")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.ADVICE, key_func=limits.own_key)
def check_in_face_advice(meeting_id: int) -> ResponseReturnValue:
    """Say what to change before the movements `{frame: dataURL}`; no try, and nothing is kept."""
    request.max_content_length = ADVICE_BYTES
    frame = frame_field(body())
    with transaction():
        found = steps.advise_selfie(meeting_id, g.principal.id, frame)
    return jsonify(camera_words.advice_view(found))


@bp.post("/meetings/<int:meeting_id>/face/verify")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.FRAMES, key_func=limits.own_key)
def check_in_face(meeting_id: int) -> ResponseReturnValue:
    """Take frames `{step, seq, frames, camera}`: 202 pending, 200 with the result, 409 broken."""
    request.max_content_length = VERIFY_BYTES
    if not request.is_json:
        raise UnsupportedMediaType()
    values = body()
    frames, step, seq = frames_field(values), whole_field(values, "step"), whole_field(values, "seq", default=-1)
    camera = text_field(values, "camera", limit=64) or None
    with transaction():
        outcome = steps.submit_selfie(
            meeting_id, g.principal.id, step, frames, current_actor(), seq if seq >= 0 else None, camera
        )
    if isinstance(outcome, CameraChanged | Interrupted):
        code = "camera_changed" if isinstance(outcome, CameraChanged) else "interrupted"
        error = {"code": code, "message": _("The check was interrupted. Nothing is lost. Start again.")}
        return jsonify(error=error, tries_left=outcome.tries_left, officer=outcome.officer), 409
    if isinstance(outcome, Pending):
        advice = camera_words.reason(outcome.advice) if outcome.advice else None
        return jsonify(result="pending", step=outcome.steps_done, demand=outcome.demand, reason=outcome.advice,
                       advice=advice, seconds_left=outcome.seconds_left), 202  # fmt: skip
    return jsonify(_verdict(outcome, meeting_id))


@bp.post("/meetings/<int:meeting_id>/room")
@requires(Permission.OWN_VOTES)
def check_in_room(meeting_id: int) -> ResponseReturnValue:
    """Give the photo of the room: a file `photo`."""
    body()
    sent = request.files.get("photo")
    try:
        content = sent.read() if sent else b""
        if not content:
            raise ValidationFailed(fields={"photo": _("Take a photo of the room first.")})
        with transaction():
            left = left_by(steps.room(meeting_id, g.principal.id, content, current_actor()))
    except ValidationFailed as error:
        if wants_json():
            raise
        return _page(meeting_id, error.message), error.status
    return onward(meeting_id, left)


@bp.post("/meetings/<int:meeting_id>/leave-out")
@requires(Permission.OWN_VOTES)
def check_in_leave_out(meeting_id: int) -> ResponseReturnValue:
    """Go on without `layer`, which is marked; `why`: refused, unavailable or later."""
    values = body()
    layer, why = text_field(values, "layer", 20), text_field(values, "why", 20)
    if layer not in list(Layer):
        raise ValidationFailed(fields={"layer": _("There is no such step.")})
    with transaction():
        left = left_by(checkin.leave_out(meeting_id, g.principal.id, Layer(layer), why, current_actor()))
    return onward(meeting_id, left)


def _page(meeting_id: int, error: str = "") -> Any:
    """Return the page of the step that is due, or of what is on record."""
    me = g.principal.id
    with transaction():
        found = checkin.standing(meeting_id, me)
        if found.record is not None:
            return record_page(found.record)
        session, attempt = found.session, found.attempt
        layer = layers.following(attempt) if attempt else None
        challenge = None
        if layer is Layer.SELFIE:
            challenge = _challenge(steps.begin_selfie(meeting_id, me, current_actor()))
        shown = {"id": session.id, "title": session.title}
        if layer is Layer.SELFIE and challenge is None:
            return redirect(url_for("voter.check_in", meeting_id=meeting_id), 303)
        if layer is Layer.SELFIE:
            return render_template("voter/identity.html", election=shown, meeting=shown, challenge=challenge,
                                   tries_total=selfie.MAX_TRIES)  # fmt: skip
        return render_template(
            "voter/check_in.html", meeting=session, due=due(attempt) if attempt else None, layer=layer, error=error,
            wanted=layers.left(attempt) if attempt else layers.of(session),
        )  # fmt: skip


def _challenge(attempt: AttendanceAttempt | None) -> dict[str, Any] | None:
    if attempt is None:
        return None
    return {
        "id": str(attempt.id), "steps": list(attempt.steps), "step_seconds": int(STEP_SECONDS),
        "tries_left": selfie.MAX_TRIES - attempt.tries,
    }  # fmt: skip


def _verdict(outcome: Verdict, meeting_id: int) -> dict[str, Any]:
    success = outcome.result is AuthResult.SUCCESS
    heading = camera_words.reason(outcome.reasons[0]) if outcome.reasons else _("You are recognised")
    return {
        "result": outcome.result.value, "liveness": outcome.live, "heading": heading,
        "message": _("Nothing is lost. The officer sees what happened."), "tries_left": outcome.tries_left,
        "reasons": list(dict.fromkeys(camera_words.reason(code) for code in outcome.reasons)),
        "officer": outcome.officer,
        "redirect": url_for("voter.check_in", meeting_id=meeting_id) if success else None,
    }  # fmt: skip
