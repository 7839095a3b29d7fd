"""The ordered calls in JSON: validate a token, get its ballot, cast by it. No cookie counts here, only the token."""

from __future__ import annotations

import secrets
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import limits, voting_view
from blueprints import voting_words as words
from blueprints.http import body, text_field
from blueprints.policy import public
from blueprints.vote import bp
from models import VotingToken, transaction
from services import ballots, voting_links
from services.errors import DomainError, ValidationFailed
from services.security import hash_token
from services.voting_links import Link, LinkState

MAX_TOKEN = 200


class LinkRefused(DomainError):
    """A token that opens no ballot; status, code and words as on the pages."""

    def __init__(self, said: words.Words) -> None:
        self.status, self.code = said.status, said.code
        super().__init__(f"{said.heading}. {said.message}")


@bp.get("/api/voting/validate-token")
@public
@limits.limiter.limit(limits.LINKS, key_func=limits.address_key, deduct_when=limits.was_unknown)
def validate_token() -> ResponseReturnValue:
    """Say how a token stands; asking spends nothing."""
    link = _link(text_field(request.args.to_dict(), "token", MAX_TOKEN))
    if link.state is LinkState.GOOD and link.token is not None:
        return jsonify(_good(link.token))
    error = {
        LinkState.VOTED: _("This voting link has already been used"),
        LinkState.EXPIRED: _("This voting link has expired"),
    }.get(link.state, words.of_state(link).heading)
    return jsonify(valid=False, error=error, has_voted=link.state is LinkState.VOTED)


@bp.get("/api/voting/ballot")
@public
@limits.limiter.limit(limits.LINKS, key_func=limits.address_key, deduct_when=limits.was_unknown)
def token_ballot() -> ResponseReturnValue:
    """Return the choices, in the order in which this voter's page shows them."""
    token = _good_token(text_field(request.args.to_dict(), "token", MAX_TOKEN))
    shown = voting_view.ballot_view(token)
    candidates = [
        {"candidate_id": int(one["id"]), "name": one["name"], "party": one["party"],
         "description": one["description"], "photo_url": one["image_url"]}
        for one in shown["choices"]
    ]  # fmt: skip
    election = token.election
    return jsonify(
        election_id=election.id, election_title=election.title, candidates=candidates, nota=True,
        max_choices=election.max_choices, method=election.method.value,
    )  # fmt: skip


@bp.post("/api/voting/cast-vote")
@public
@limits.limiter.limit(limits.LINKS, key_func=limits.address_key, deduct_when=limits.was_unknown)
def cast_vote() -> ResponseReturnValue:
    """Cast by a token: `candidate_id` is one number, a list of them, or "nota".

    With an `idempotency_key` of one's own (128 random bits) a repeated call gets the first answer again; without one
    the server draws it, and a repeated call is told that the vote is cast.
    """
    values = body()
    key = values.get("idempotency_key") or secrets.token_urlsafe(24)
    with transaction():
        link = _link(text_field(values, "token", MAX_TOKEN))
        if link.token is None or link.state not in (LinkState.GOOD, LinkState.VOTED):
            raise LinkRefused(words.of_state(link))
        choice = ballots.parse_choice(link.token.election, _picked(values))
        outcome = ballots.cast(voting_links.link_right(link.token), choice, key, voting_view.voter_actor())
    if outcome.kind not in voting_view.ACCEPTED:
        raise LinkRefused(words.of_cast(outcome.kind))
    done = {"success": True, "message": _("Your vote has been recorded"), "vote_hash": outcome.receipt}
    return jsonify(done | voting_view.receipt_json(outcome))


def _picked(values: dict[str, Any]) -> object:
    picked = values.get("candidate_id")
    if picked is None:
        raise ValidationFailed(fields={"candidate_id": _('Send candidate_id: a number, a list of them, or "nota".')})
    return picked.lower() if isinstance(picked, str) else picked


def _link(token: str) -> Link:
    link = voting_links.look_up(hash_token(token) if voting_links.is_token(token) else None)
    if link.state is LinkState.UNKNOWN:
        limits.note_unknown_link()
    return link


def _good_token(token: str) -> VotingToken:
    link = _link(token)
    if link.state is not LinkState.GOOD or link.token is None:
        raise LinkRefused(words.of_state(link))
    return link.token


def _good(token: VotingToken) -> dict[str, Any]:
    return {
        "valid": True, "election_id": token.election_id, "election_title": token.election.title,
        "voter_email": voting_view.masked(token.voter.email or ""),
        "expires_at": voting_links.ends_at(token).isoformat(),
        "has_voted": False,
    }  # fmt: skip
