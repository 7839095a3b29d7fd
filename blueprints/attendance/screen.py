"""The big screen in the room: the code of now, when it changes, and how many are there."""

from __future__ import annotations

from typing import Any

from flask import jsonify, render_template
from flask.typing import ResponseReturnValue

from blueprints.attendance import bp, words
from blueprints.http import current_actor, public_address, wants_json
from blueprints.policy import requires
from services.attendance import codes, sessions
from services.clock import utc_now
from services.security import Permission


@bp.get("/meetings/<int:meeting_id>/screen")
@requires(Permission.MANAGE_ATTENDANCE)
def screen(meeting_id: int) -> ResponseReturnValue:
    """Show the code in letters that the last row reads; JSON for the page itself, which asks again and again."""
    session = sessions.find(meeting_id, current_actor())
    counted, now = sessions.figures_of(session), utc_now()
    shown, stage = codes.shown(session, now), words.stage(session)
    over = shown.until is not None and shown.until <= now
    state: dict[str, Any] = {
        "stage": stage, "code": None if stage == "closed" or over else shown.code,
        "seconds_left": max(0.0, (shown.until - now).total_seconds()) if shown.until else None,
        "there": counted.present, "members": counted.members,
    }  # fmt: skip
    if wants_json():
        return jsonify(state)
    return render_template(
        "attendance/screen.html", meeting=session, state=state, step_seconds=codes.STEP_SECONDS,
        address=public_address("voter.meetings").split("//")[-1],
    )  # fmt: skip
