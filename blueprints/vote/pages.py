"""What the pages behind a link share: the ticket in the browser, the ballot's data, and the plain page of a state."""

from __future__ import annotations

import uuid
from typing import Any, Protocol

from flask import current_app, jsonify, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from blueprints.http import wants_json
from blueprints.vote.words import Words
from models import Election, Method, Voter
from services import ballots, ties, voting_links
from services.actor import Actor
from services.ballots import CastOutcome
from services.context import platform

ACCEPTED = frozenset({"cast", "repeated"})
COOKIE = "voting_link"
PUBLIC = "public/"
NOTA_VALUE = "nota" + 8 * "."
"""As long as the number of a candidate, so that the length of a form tells nothing."""
NUMBER_DIGITS = len(NOTA_VALUE)


class Holder(Protocol):
    """Whoever holds a ballot: a voting link, or a voter who is signed in. `id` orders a shuffled ballot."""

    @property
    def id(self) -> uuid.UUID: ...

    @property
    def election(self) -> Election: ...

    @property
    def voter(self) -> Voter: ...


def voter_actor() -> Actor:
    """Return who votes, without a name: the audit row of a cast names the vote's reference only."""
    agent = (request.user_agent.string or "")[:300]
    return Actor(role="voter", name="voter", ip=request.remote_addr, user_agent=agent)


def give_ticket(response: Response, token: str) -> Response:
    """Put a ticket for the token into the browser, for the pages below /vote and for no other site's requests."""
    settings = platform().settings
    response.set_cookie(
        COOKIE, voting_links.issue_ticket(current_app.config["SECRET_KEY"], token), path="/vote", httponly=True,
        secure=settings.secure_cookies, samesite="Lax", max_age=voting_links.TICKET_SECONDS,
    )  # fmt: skip
    return response


def present_token_hash() -> bytes | None:
    """Return the SHA-256 of the token whose ticket this browser holds."""
    ticket = request.cookies.get(COOKIE, "")
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
    }


def ballot_view(token: Holder) -> dict[str, Any]:
    """Return the ballot: every choice with all its pictures, so that no later request depends on one."""
    election = token.election
    shown = ballots.choices_shown(election, token.id)
    return {
        "choices": [_choice_view(choice, ranked=election.method is Method.RANKED) for choice in shown],
        "max_choices": election.max_choices,
        "method": election.method.value,
        "seats": election.seats,
        "places": ballots.places_of(election),
        "nota_rule": ties.nota_words(election),
        "voter_name": token.voter.name,
        "may_make_account": token.voter.password_hash is None,
    }


def state_page(words: Words, election: dict[str, Any] | None, **page: Any) -> Response:
    """Answer with a plain page that says what is so and what to do, or with the same words as a JSON error."""
    if wants_json():
        error = {"code": words.code, "message": f"{words.heading}. {words.message}"}
        return make_response(jsonify(error=error), words.status)
    html = render_template("vote/state.html", words=words, election=election, **page)
    return make_response(html, words.status)


def receipt_json(outcome: CastOutcome) -> dict[str, Any]:
    """Return an accepted cast in JSON."""
    cast_at = outcome.cast_at.isoformat() if outcome.cast_at else None
    found = {"audit_ref": outcome.audit_ref, "receipt": outcome.receipt, "cast_at": cast_at,
             "signed_receipt": outcome.signed_receipt}  # fmt: skip
    return {name: value for name, value in found.items() if value}


def masked(email: str) -> str:
    """Return as much of an address as its owner needs to know which mailbox it is."""
    local, _at, domain = email.partition("@")
    return f"{local[:2]}…@{domain}"


def _choice_view(choice: dict[str, Any], ranked: bool) -> dict[str, Any]:
    shown = {key: choice[key] for key in ("name", "party", "description")}
    pictures = {"image_url": _picture(choice["image_path"]), "symbol_url": _picture(choice["symbol_path"])}
    # A ranked form sends every name, so that the length of a number tells nothing.
    return shown | pictures | {"id": str(choice["id"]) if ranked else f"{choice['id']:0{NUMBER_DIGITS}d}"}


def _picture(path: str | None) -> str | None:
    return url_for("media.ballot", path=path.removeprefix(PUBLIC)) if path else None
