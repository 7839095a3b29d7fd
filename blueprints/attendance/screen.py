"""The big screen in the room: the code of now, when it changes, and how many are there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import g, jsonify, render_template
from flask.typing import ResponseReturnValue

from blueprints.attendance import bp, words
from blueprints.http import current_actor, public_address, wants_json
from blueprints.policy import requires
from blueprints.principal import note_use
from services import motions, presence, qr_code
from services.attendance import codes, sessions
from services.clock import utc_now
from services.result_words import verdict_title
from services.results import result_of
from services.security import Permission

SHOWN_AFTER = timedelta(minutes=15)
"""So long the result of a vote stays on the screen."""


@bp.get("/meetings/<int:meeting_id>/screen")
@requires(Permission.MANAGE_ATTENDANCE)
def screen(meeting_id: int) -> ResponseReturnValue:
    """Show the code in letters that the last row reads; JSON for the page itself, which asks again and again."""
    session = sessions.find(meeting_id, current_actor())
    counted, now = sessions.figures_of(session), utc_now()
    shown, stage = codes.shown(session, now), words.stage(session)
    over = shown.until is not None and shown.until <= now
    code = None if stage == "closed" or over else shown.code
    state: dict[str, Any] = {
        "stage": stage, "code": code, "qr": qr_code.picture(_scanned(meeting_id, code)) if code else None,
        "seconds_left": max(0.0, (shown.until - now).total_seconds()) if shown.until else None,
        "there": sessions.here_now(session.id), "members": counted.members, "vote": _vote(meeting_id),
    }  # fmt: skip
    if stage != "closed":
        # The screen hangs in the room and nobody touches it: until the meeting is over, to be shown is to be used.
        note_use(g.principal)
    if wants_json():
        return jsonify(state)
    return render_template(
        "attendance/screen.html", meeting=session, state=state, step_seconds=codes.STEP_SECONDS,
        address=public_address("voter.meetings").split("//")[-1],
    )  # fmt: skip


def _scanned(meeting_id: int, code: str) -> str:
    """Return where a phone goes that scans the screen: the code is behind the #, which no server and no log gets."""
    return f"{public_address('voter.check_in', meeting_id=meeting_id)}#code={code}"


def _vote(meeting_id: int) -> dict[str, Any] | None:
    """Return the vote that runs, or ended a little ago: the quorum now, how many voted, the result when it is there."""
    found, now = motions.running(meeting_id), utc_now()
    standing = presence.standing_of(found) if found else None
    if found is None or standing is None or (found.closed_at and found.closed_at < now - SHOWN_AFTER):
        return None
    result = result_of(found, now)
    is_open = result.status == "active"
    return {
        "title": found.title, "open": is_open, "present": standing.present, "needed": standing.needed,
        "members": standing.members, "holds": standing.holds, "voted": result.turnout.voted,
        "seconds_left": max(0, round((found.closes_at - now).total_seconds())) if is_open else None,
        "verdict": verdict_title(result) if result.final else None,
        "words": " ".join(result.presence.sentences[1:]) if result.final and result.presence else None,
    }  # fmt: skip
