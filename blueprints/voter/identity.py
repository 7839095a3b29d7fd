"""Showing one's face before the ballot, where the election asks for it: the camera, the movements, and the help."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import UnsupportedMediaType

from blueprints import camera_words, limits
from blueprints.http import body, current_actor, frame_field, frames_field, text_field, wants_json, whole_field
from blueprints.policy import requires
from blueprints.voter import bp
from models import AuthResult, transaction
from services import voter_accounts
from services.face_service.liveness import STEP_SECONDS
from services.identification import MAX_FAILURES, CameraChanged, Interrupted, Pending, Verdict
from services.security import Permission
from services.voter_accounts import BallotState, Paper
from services.voter_accounts.identity import Begun

ADVICE_BYTES = 1024 * 1024 + 64 * 1024
"""One frame of at most 1 MB."""
VERIFY_BYTES = 8 * 1024 * 1024 + 64 * 1024
"""A chunk of 8 frames of at most 1 MB."""
WELL, FAIRLY = 0.6, 0.5
"""Confidence (1 - distance) from which faces are said to agree well, or fairly; no figure goes to a stranger's browser,
who could climb from try to try."""


@bp.get("/identity/<uuid:public_id>")
@requires(Permission.OWN_VOTES)
def identity(public_id: uuid.UUID) -> ResponseReturnValue:
    """Show the camera page; where nothing is to be shown, the ballot; after three failures, who helps."""
    with transaction():
        paper = voter_accounts.paper_of(g.principal.session_id, public_id)
        if paper.state is not BallotState.IDENTITY:
            return redirect(url_for("vote.account_ballot", public_id=public_id), 303)
        begun = _begin(paper)
        ways = [way for way in paper.election.channels if way != "account"]
        shown = {"title": paper.election.title, "public_id": public_id}
        challenge = _challenge(begun)
    if challenge is None:
        return render_template("voter/identity_help.html", election=shown, ways=ways)
    return render_template("voter/identity.html", election=shown, challenge=challenge, tries_total=MAX_FAILURES)


@bp.post("/identity/<uuid:public_id>/start")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.CODES, key_func=limits.own_key)
def identity_start(public_id: uuid.UUID) -> ResponseReturnValue:
    """Draw a new check: `{challenge}`, or `officer` where the commission helps, or `redirect` where all is done."""
    body()
    with transaction():
        paper = voter_accounts.paper_of(g.principal.session_id, public_id)
        if paper.state is not BallotState.IDENTITY:
            return jsonify(redirect=url_for("vote.account_ballot", public_id=public_id))
        challenge = _challenge(_begin(paper))
    if not wants_json():
        return redirect(url_for("voter.identity", public_id=public_id), 303)
    return jsonify(challenge=challenge, officer=challenge is None)


@bp.post("/identity/<uuid:public_id>/verify")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.FRAMES, key_func=limits.own_key)
def identity_verify(public_id: uuid.UUID) -> ResponseReturnValue:
    """Take frames `{challenge_id, step, seq, frames, camera}`: 202 pending, 200 with the result, 409 broken."""
    request.max_content_length = VERIFY_BYTES
    if not request.is_json:
        raise UnsupportedMediaType()
    values = body()
    frames, step, seq = frames_field(values), whole_field(values, "step"), whole_field(values, "seq", default=-1)
    ticket, camera = text_field(values, "challenge_id", limit=80), text_field(values, "camera", limit=64) or None
    with transaction():
        paper = voter_accounts.paper_of(g.principal.session_id, public_id)
        outcome = voter_accounts.identity.submit(
            paper.session, paper.election, ticket, step, frames, current_actor(), seq if seq >= 0 else None, camera
        )
    if isinstance(outcome, CameraChanged | Interrupted):
        return jsonify(_broken(outcome)), 409
    if isinstance(outcome, Pending):
        return jsonify(_pending(outcome)), 202
    if outcome.result is AuthResult.SUCCESS:
        flash(_("You are recognised. %(how)s", how=_likeness(outcome.confidence)), "ok")
    return jsonify(_verdict(outcome, public_id))


@bp.post("/identity/<uuid:public_id>/advice")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.ADVICE, key_func=limits.own_key)
def identity_advice(public_id: uuid.UUID) -> ResponseReturnValue:
    """Say what to change before the check `{challenge_id, frame: dataURL}`; no attempt, and nothing is kept."""
    request.max_content_length = ADVICE_BYTES
    values = body()
    ticket, frame = text_field(values, "challenge_id", limit=80), frame_field(values)
    with transaction():
        paper = voter_accounts.paper_of(g.principal.session_id, public_id)
        found = voter_accounts.identity.advise(paper.session, paper.election, ticket, frame)
    return jsonify(camera_words.advice_view(found))


def _begin(paper: Paper) -> Begun:
    return voter_accounts.identity.begin(paper.session, paper.election, current_actor())


def _challenge(begun: Begun) -> dict[str, Any] | None:
    if begun.check is None:
        return None
    return {
        "id": str(begun.check.id), "steps": list(begun.check.steps), "step_seconds": int(STEP_SECONDS),
        "tries_left": begun.tries_left,
    }  # fmt: skip


def _pending(outcome: Pending) -> dict[str, Any]:
    return {
        "result": "pending", "step": outcome.steps_done, "demand": outcome.demand, "reason": outcome.advice,
        "advice": camera_words.reason(outcome.advice) if outcome.advice else None,
        "seconds_left": outcome.seconds_left,
    }  # fmt: skip


def _broken(outcome: CameraChanged | Interrupted) -> dict[str, Any]:
    changed = _("The camera changed on the way. Nothing is lost. Start again.")
    silent = _("The check was interrupted. Nothing is lost. We start the movements again.")
    code, message = ("camera_changed", changed) if isinstance(outcome, CameraChanged) else ("interrupted", silent)
    error = {"code": code, "message": message}
    return {"error": error, "tries_left": outcome.tries_left, "officer": outcome.officer}


def _verdict(outcome: Verdict, public_id: uuid.UUID) -> dict[str, Any]:
    success = outcome.result is AuthResult.SUCCESS
    heading = camera_words.reason(outcome.reasons[0]) if outcome.reasons else _("You are recognised")
    message = _("No vote was cast. Nothing is lost.")
    if outcome.result is AuthResult.MISMATCH:
        message = f"{_likeness(outcome.confidence)} {message}"
    return {
        "result": outcome.result.value, "liveness": outcome.live, "heading": heading,
        "message": _likeness(outcome.confidence) if success else message,
        "reasons": list(dict.fromkeys(camera_words.reason(code) for code in outcome.reasons)),
        "tries_left": outcome.tries_left, "officer": outcome.officer,
        "redirect": url_for("vote.account_ballot", public_id=public_id) if success else None,
    }  # fmt: skip


def _likeness(confidence: float | None) -> str:
    """Return how well the faces agree, in words."""
    if confidence is not None and confidence >= WELL:
        return _("Your face and the registered one agree well.")
    if confidence is not None and confidence >= FAIRLY:
        return _("Your face and the registered one agree fairly well.")
    return _("Your face and the registered one do not agree well enough.")
