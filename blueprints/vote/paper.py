"""The ballot of a voter at home, whatever opened it: to choose, to check without JavaScript, and its receipt."""

from __future__ import annotations

import secrets
from typing import Any

from flask import jsonify, make_response, render_template, request
from werkzeug.wrappers import Response

from blueprints import voting_view
from blueprints.http import public_address, text_field
from blueprints.vote import pages
from services import ballots
from services.ballots import CastOutcome, Choice
from services.errors import ValidationFailed

KEY_BYTES = 24
CHOICE_FIELDS = ("choice", "rank_")


def choose(holder: voting_view.Holder, values: dict[str, Any], step: str) -> Choice | Response:
    """Return the choice to cast, or the page to show first: what was chosen (`step` review), or the ballot again."""
    try:
        choice = ballots.parse_choice(holder.election, _picked(values))
    except ValidationFailed as error:
        if request.is_json:
            raise
        return ballot_page(holder, values, error)
    if step == "cast":
        return choice
    return _review_page(holder, choice, values) if step == "review" else ballot_page(holder, values)


def ballot_page(
    holder: voting_view.Holder, values: dict[str, Any] | None = None, error: ValidationFailed | None = None
) -> Response:
    """Return the ballot of whoever holds a link, or is signed in; its form goes to the address that shows it."""
    page = render_template(
        "vote/ballot.html", election=pages.election_view(holder.election), **voting_view.ballot_view(holder),
        nota_value=voting_view.NOTA_VALUE, marked=request.form.getlist("choice"),
        given=ballots.places_sent(request.form), error=error.message if error else None,
        idempotency_key=text_field(values or {}, "idempotency_key") or secrets.token_urlsafe(KEY_BYTES),
    )  # fmt: skip
    return make_response(page, error.status if error else 200)


def _review_page(holder: voting_view.Holder, choice: Choice, values: dict[str, Any]) -> Response:
    """Show what was chosen to a browser without JavaScript. Every choice makes a page of the same length, in bytes."""
    view = voting_view.ballot_view(holder)
    by_id = {int(one["id"]): one for one in view["choices"]}
    nota = {"id": voting_view.NOTA_VALUE, "name": view["nota_name"], "party": None}
    chosen = [nota] if choice.nota else [by_id[number] for number in choice.candidates]
    fields = [(name, value) for name, value in request.form.items(multi=True) if name.startswith(CHOICE_FIELDS)]
    page = {"election": pages.election_view(holder.election), "idempotency_key": text_field(values, "idempotency_key")}
    places = [] if choice.nota else view["places"]
    html = render_template("vote/review.html", chosen=chosen, places=places, fields=fields, **page)
    every = [*by_id.values(), nota]
    longest = render_template(
        "vote/review.html", chosen=every, places=[*view["places"], ""] if view["places"] else [],
        fields=fields if view["places"] else [("choice", one["id"]) for one in (*by_id.values(), nota)], **page,
    )  # fmt: skip
    return make_response(html + " " * (len(longest.encode()) - len(html.encode())))


def receipt_page(outcome: CastOutcome, election: dict[str, Any], may_make_account: bool = False) -> Response:
    """Return the receipt of an accepted cast, as a page or in JSON."""
    if request.is_json:
        return make_response(jsonify(voting_view.receipt_json(outcome)))
    signed = outcome.signed_receipt
    page = render_template(
        "vote/receipt.html", election=election, outcome=outcome, qr=ballots.receipt_qr(signed) if signed else None,
        verify_url=public_address("verify.election", public_id=election["public_id"]),
        may_make_account=may_make_account,
    )  # fmt: skip
    return make_response(page)


def _picked(values: dict[str, Any]) -> object:
    """Return the choice as sent: JSON as it is, a form's one or several marked rows."""
    if request.is_json:
        picked = values.get("choice")
        return picked.lower() if isinstance(picked, str) else picked
    if places := ballots.places_sent(request.form):
        return places
    marked = [mark.rstrip(".").lower() for mark in request.form.getlist("choice")]
    return marked[0] if len(marked) == 1 else marked
