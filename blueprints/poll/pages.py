"""What the booth's views share: the kiosk, the data of its pages, and its plain message page."""

from __future__ import annotations

import math
from typing import Any

from flask import g, jsonify, make_response, render_template, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.http import wants_json
from blueprints.poll import words
from blueprints.poll.words import Words
from blueprints.principal import KIOSK_KEY
from models import BallotPass, Challenge, Election, Kiosk
from services import ballots, identification, ties, voters
from services.clock import utc_now
from services.face_service.liveness import STEP_SECONDS
from services.identification import LookupReason

PUBLIC = "public/"
KEPT_KEYS = frozenset({KIOSK_KEY, "_permanent", "csrf_token"})
"""The kiosk's token, how long its cookie lives, and the token of its forms: a repeated cast must still be heard."""


def present_kiosk() -> Kiosk:
    """Return the kiosk that asks."""
    return identification.kiosk_of(g.principal.session_id)


def election_view(election: Election) -> dict[str, Any]:
    """Return what every page of the booth shows of the election."""
    return {
        "public_id": election.public_id,
        "title": election.title,
        "description": election.description,
        "opens_at": election.opens_at,
        "closes_at": election.closes_at,
        "ended_at": min(election.closed_at or election.closes_at, election.closes_at),
    }


def opening_view(election: Election) -> dict[str, Any] | None:
    """Return what the page of an election shows before it opens, None when that is over; seconds by our own clock."""
    now = utc_now()
    if identification.election_refusal(election, now) is not LookupReason.NOT_OPEN_YET:
        return None
    said = words.of_opening(election)
    left = max(0, math.ceil((election.opens_at - now).total_seconds()))
    return {"heading": said.heading, "message": said.message, "opens_in": left}


def is_closed(election: Election) -> bool:
    """Tell whether no more votes can be cast, because the election is over or was closed."""
    return identification.election_refusal(election, utc_now()) is LookupReason.CLOSED


def not_open(election: dict[str, Any], opening: dict[str, Any], status: int = 200) -> Response:
    """Answer with the page that counts down to the opening."""
    return make_response(render_template("poll/not_open.html", election=election, **opening), status)


def challenge_view(challenge: Challenge, tries_left: int) -> dict[str, Any]:
    """Return what the camera page needs of a challenge."""
    return {
        "id": challenge.ticket,
        "steps": list(challenge.steps),
        "step_seconds": int(STEP_SECONDS),
        "expires_at": challenge.expires_at.isoformat(),
        "tries_left": tries_left,
    }


def ballot_view(ballot_pass: BallotPass, election: Election) -> dict[str, Any]:
    """Return the ballot: every choice with all its pictures, so that no later request depends on one."""
    return {
        "choices": [_choice_view(choice) for choice in ballots.choices_shown(election, ballot_pass.id)],
        "max_choices": election.max_choices,
        "method": election.method.value,
        "places": ballots.places_of(election),
        "secret": election.is_secret,
        "nota_rule": ties.nota_words(election),
        "motion": ties.is_motion(election),
        "nota_name": ties.nota_name(election),
        "nota_note": ties.nota_note(election),
        "expires_at": ballot_pass.expires_at.isoformat(),
        "seconds_left": identification.seconds_left(ballot_pass),
        "more_time_left": identification.MAX_EXTENSIONS - ballot_pass.extensions,
        "voter_number": voters.format_voter_number(ballot_pass.voter.voter_id),
    }


def message(text: Words, election: dict[str, Any], *, code: str, ways: list[dict[str, Any]] | None = None,
            **page: Any) -> Response:  # fmt: skip
    """Answer with a plain page that says what is so, or with the same words as a JSON error."""
    if wants_json() and text.status >= 400:
        error = {"code": code, "message": f"{text.heading}. {text.message}"}
        return make_response(jsonify({"error": error}), text.status)
    ways = [words.start_again()] if ways is None else ways
    html = render_template(
        "poll/message.html", heading=text.heading, lead=text.message, ways=ways, election=election, **page
    )
    return make_response(html, text.status)


def forget_voter() -> None:
    """Leave nothing in the browser's session but the kiosk's own token."""
    for key in set(session) - KEPT_KEYS:
        session.pop(key)


def officer_comes(election: dict[str, Any], voter_number: str = "") -> Response:
    """Answer that the officer was called, with the staff form at hand."""
    text = Words(_("The officer is coming. Stay here."), _("No vote was cast. Nothing is lost."))
    ways = [words.start_again("flat"), words.by_document(voter_number)]
    return message(text, election, code="officer_called", ways=ways, officer=True)


def _choice_view(choice: dict[str, Any]) -> dict[str, Any]:
    shown = {key: choice[key] for key in ("id", "name", "party", "description")}
    return shown | {"image_url": _picture(choice["image_path"]), "symbol_url": _picture(choice["symbol_path"])}


def _picture(path: str | None) -> str | None:
    return url_for("media.ballot", path=path.removeprefix(PUBLIC)) if path else None
