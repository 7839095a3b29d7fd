"""The voter ID, the confirmed name, the camera, and the officer."""

from __future__ import annotations

from typing import Any

from flask import jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.wrappers import Response

from blueprints import camera_words, limits
from blueprints.http import body, current_actor, frame_field, frames_field, text_field, wants_json, whole_field
from blueprints.limits import limiter
from blueprints.policy import requires
from blueprints.poll import bp, pages, words
from models import transaction
from services import identification, voters
from services.errors import ValidationFailed
from services.identification import CameraChanged, Interrupted, LookupReason, Pending, Start, Verdict
from services.security import Permission

ADVICE_BYTES = 1024 * 1024 + 64 * 1024
"""One frame of at most 1 MB."""
VERIFY_BYTES = 8 * 1024 * 1024 + 64 * 1024
"""A chunk of 8 frames of at most 1 MB."""
STAY_AT_INPUT = frozenset({LookupReason.TYPING_SLIP, LookupReason.UNKNOWN_NUMBER, LookupReason.NOT_ON_ROLL})


@bp.get("/")
@requires(Permission.POLL)
def index() -> Response:
    with transaction():
        present = pages.present_kiosk().election
        election, opening, closed = pages.election_view(present), pages.opening_view(present), pages.is_closed(present)
    if wants_json():
        state = "not_open_yet" if opening else "closed" if closed else "open"
        return make_response(jsonify({"state": state, "opens_in": opening["opens_in"] if opening else 0}))
    if opening:
        return pages.not_open(election, opening)
    if closed:
        return make_response(render_template("poll/closed.html", election=election))
    return make_response(render_template("poll/index.html", election=election, step=1, error=None))


@bp.post("/auth/start")
@requires(Permission.POLL)
@limiter.limit(limits.BOOTH_START_KIOSK, key_func=limits.kiosk_key)
@limiter.limit(limits.BOOTH_START, key_func=limits.booth_key)
def start() -> Response:
    typed = text_field(body(), "voter_id", limit=40)
    if not typed:
        raise ValidationFailed(fields={"voter_id": _("Type your voter ID first.")})
    with transaction():
        kiosk = pages.present_kiosk()
        election = pages.election_view(kiosk.election)
        begun = identification.start(kiosk, typed, current_actor())
        opening = pages.opening_view(kiosk.election)
        answer = _start_view(begun) | (opening or {})
        secret = kiosk.election.is_secret
    if wants_json():
        return make_response(jsonify(answer))
    if begun.lookup.eligible:
        return redirect(url_for("poll.camera"), 303)
    if opening:
        return pages.not_open(election, opening, 409)
    if begun.lookup.just_voted:
        said, facts = words.of_power_cut(begun.lookup, secret)
        return pages.message(said, election, code="already_voted", facts=facts, icon="check", step=1, done=True)
    return _refuse_start(begun, election, typed)


@bp.get("/auth")
@requires(Permission.POLL)
def camera() -> Response:
    with transaction():
        kiosk = pages.present_kiosk()
        challenge = identification.present_challenge(kiosk)
        if challenge is None:
            return redirect(url_for("poll.index"), 303)
        counted = identification.count(kiosk.election_id, challenge.voter_id)
        context: dict[str, Any] = {
            "election": pages.election_view(kiosk.election),
            "voter_number": voters.format_voter_number(challenge.voter.voter_id),
            "masked_name": identification.mask_name(challenge.voter.name),
            "challenge": pages.challenge_view(challenge, counted.tries_left),
        }
    page = render_template(
        "poll/auth.html", step=2, frames_url=url_for("poll.verify"), start_url=url_for("poll.start"),
        tries_total=identification.MAX_FAILURES, **context,
    )  # fmt: skip
    return make_response(page)


@bp.post("/auth/verify")
@requires(Permission.POLL)
@limiter.limit(limits.BOOTH_FRAMES, key_func=limits.kiosk_key)
def verify() -> Response:
    request.max_content_length = VERIFY_BYTES
    if not request.is_json:
        raise UnsupportedMediaType()
    values = body()
    frames, step, seq = frames_field(values), whole_field(values, "step"), whole_field(values, "seq", default=-1)
    ticket, camera_mark = text_field(values, "challenge_id", limit=80), text_field(values, "camera", limit=64) or None
    with transaction():
        outcome = identification.submit_frames(
            pages.present_kiosk(), ticket, step, frames, current_actor(), seq if seq >= 0 else None, camera_mark
        )
    if isinstance(outcome, CameraChanged | Interrupted):
        return make_response(jsonify(_broken_view(outcome)), 409)
    if isinstance(outcome, Pending):
        return make_response(jsonify(_pending_view(outcome)), 202)
    return make_response(jsonify(_verdict_view(outcome)))


@bp.post("/auth/advice")
@requires(Permission.POLL)
@limiter.limit(limits.ADVICE, key_func=limits.kiosk_key)
def advice() -> Response:
    """Say what to change before the check `{challenge_id, frame: dataURL}`; no attempt, and nothing is kept."""
    request.max_content_length = ADVICE_BYTES
    values = body()
    ticket, frame = text_field(values, "challenge_id", limit=80), frame_field(values)
    with transaction():
        found = identification.advise(pages.present_kiosk(), ticket, frame)
    return make_response(jsonify(camera_words.advice_view(found)))


@bp.post("/officer")
@requires(Permission.POLL)
@limiter.limit(limits.BOOTH_OTHER, key_func=limits.kiosk_key)
def officer() -> Response:
    number = "" if request.is_json else text_field(body(), "voter_id", limit=40)
    with transaction():
        kiosk = pages.present_kiosk()
        election = pages.election_view(kiosk.election)
        identification.call_officer(kiosk, current_actor())
    if wants_json():
        return make_response(jsonify({"called": True}))
    return pages.officer_comes(election, number)


def _start_view(begun: Start) -> dict[str, Any]:
    lookup = begun.lookup
    said = words.of_power_cut(lookup, secret=True)[0] if lookup.just_voted else words.of_lookup(lookup)
    shown = pages.challenge_view(begun.challenge, begun.tries_left) if begun.challenge else None
    return {
        "found": lookup.found,
        "eligible": lookup.eligible,
        "has_voted": lookup.has_voted,
        "masked_name": lookup.masked_name,
        "challenge": shown,
        "reason": lookup.reason.value,
        "heading": said.heading,
        "message": said.message,
        "officer": lookup.officer,
    }


def _refuse_start(begun: Start, election: dict[str, Any], typed: str) -> Response:
    said = words.of_lookup(begun.lookup)
    if begun.lookup.reason in STAY_AT_INPUT:
        page = render_template("poll/index.html", election=election, step=1, error=said.message, voter_id=typed)
        return make_response(page, said.status)
    called = begun.lookup.reason is LookupReason.OFFICER_NEEDED
    ways = [words.start_again("flat" if called else "now")]
    if begun.lookup.officer:
        ways.append((words.by_document if called else words.call_officer)(begun.lookup.voter_number))
    return pages.message(said, election, code=begun.lookup.reason.value, ways=ways, step=1, officer=called)


def _pending_view(outcome: Pending) -> dict[str, Any]:
    return {
        "result": "pending",
        "step": outcome.steps_done,
        "steps_done": outcome.steps_done,
        "demand": outcome.demand,
        "advice": words.reason(outcome.advice) if outcome.advice else None,
        "reason": outcome.advice,
        "seconds_left": outcome.seconds_left,
    }


def _broken_view(outcome: CameraChanged | Interrupted) -> dict[str, Any]:
    changed = _("The camera changed on the way. Nothing is lost. Start again.")
    silent = _("The check was interrupted. Nothing is lost. We start the movements again.")
    code, message = ("camera_changed", changed) if isinstance(outcome, CameraChanged) else ("interrupted", silent)
    error = {"code": code, "message": message}
    return {"error": error, "tries_left": outcome.tries_left, "officer": outcome.officer}


def _verdict_view(outcome: Verdict) -> dict[str, Any]:
    said = words.of_verdict(outcome)
    return {
        "result": outcome.result.value,
        "distance": outcome.distance,
        "confidence": outcome.confidence,
        "liveness": outcome.live,
        "heading": said.heading,
        "message": said.message,
        "reasons": list(dict.fromkeys(words.reason(code) for code in outcome.reasons)),
        "tries_left": outcome.tries_left,
        "officer": outcome.officer,
        "redirect": url_for("poll.ballot") if outcome.result.value == "success" else None,
    }
