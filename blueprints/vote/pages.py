"""What the pages behind a link share: the ticket in the browser, the ballot's data, and the plain page of a state."""

from __future__ import annotations

from typing import Any

from flask import current_app, jsonify, make_response, render_template, request
from werkzeug.wrappers import Response

from blueprints.http import cookie_name, wants_json
from blueprints.voting_words import Words
from models import Election
from services import voting_links
from services.context import platform

COOKIE = "voting_link"


def give_ticket(response: Response, token: str) -> Response:
    """Put a ticket for the token into the browser, for the pages below /vote and for no other site's requests."""
    settings = platform().settings
    response.set_cookie(
        cookie_name(COOKIE), voting_links.issue_ticket(current_app.config["SECRET_KEY"], token), path="/vote",
        httponly=True, secure=settings.secure_cookies, samesite="Lax", max_age=voting_links.TICKET_SECONDS,
    )  # fmt: skip
    return response


def present_token_hash() -> bytes | None:
    """Return the SHA-256 of the token whose ticket this browser holds."""
    ticket = request.cookies.get(cookie_name(COOKIE), "")
    return voting_links.read_ticket(current_app.config["SECRET_KEY"], ticket) if ticket else None


def election_view(election: Election) -> dict[str, Any]:
    """Return what every page behind a link shows of the election."""
    return {
        "public_id": election.public_id,
        "title": election.title,
        "description": election.description,
        "closes_at": election.closes_at,
        "secret": election.is_secret,
        "words_after": election.confirmation_text,
        "in_meeting": election.meeting_id is not None,
    }


def state_page(words: Words, election: dict[str, Any] | None, **page: Any) -> Response:
    """Answer with a plain page that says what is so and what to do, or with the same words as a JSON error."""
    if wants_json():
        error = {"code": words.code, "message": f"{words.heading}. {words.message}"}
        return make_response(jsonify(error=error), words.status)
    html = render_template("vote/state.html", words=words, election=election, **page)
    return make_response(html, words.status)
