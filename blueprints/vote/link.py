"""The pages behind a voting link: open it, choose, check, cast. They work without JavaScript and without an account.

Opening a link spends nothing. Its token leaves the address with the first answer; a ticket stands for it from then on.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints import limits
from blueprints.http import body, public_address, text_field
from blueprints.policy import public
from blueprints.principal import refuse_booths
from blueprints.vote import bp, pages, words
from models import transaction
from services import ballots, voting_links
from services.ballots import CastOutcome
from services.errors import ValidationFailed
from services.voting_links import Link, LinkState

KEY_BYTES = 24
CHOICE_FIELDS = ("choice", "rank_")


@bp.get("/vote")
@public
@limits.limiter.limit(limits.LINKS, key_func=limits.address_key, deduct_when=limits.was_unknown)
def ballot() -> Response:
    """Take a token out of the address, or show the ballot of the link that this browser opened."""
    refuse_booths()
    if (token := request.args.get("token")) is not None:
        return _take(token.strip())
    with transaction():
        link = present_link()
        if link is None:
            return pages.state_page(words.no_ticket(), None)
        if link.state is not LinkState.GOOD or link.token is None:
            return state(link)
        voting_links.note_opened(link.token)
        return ballot_page(link.token)


@bp.post("/vote")
@public
@limits.limiter.limit(limits.LINK_VOTES, key_func=limits.link_key)
def cast() -> Response:
    """Cast the vote (`step` cast), or show once more what was chosen (review) or the ballot (change)."""
    refuse_booths()
    values = body()
    step = text_field(values, "step") or "cast"
    with transaction():
        link = present_link()
        if link is None:
            return pages.state_page(words.no_ticket(), None)
        votes = link.state is LinkState.GOOD or (link.state is LinkState.VOTED and step == "cast")
        if not votes or link.token is None:
            return state(link)
        try:
            choice = ballots.parse_choice(link.token.election, picked(values))
        except ValidationFailed as error:
            if request.is_json:
                raise
            return ballot_page(link.token, values, error)
        if step != "cast":
            return review_page(link.token, choice, values) if step == "review" else ballot_page(link.token, values)
        key = text_field(values, "idempotency_key")
        outcome = ballots.cast(voting_links.link_right(link.token), choice, key, pages.voter_actor())
        election = pages.election_view(link.token.election)
        may_make_account = link.token.voter.password_hash is None
    if outcome.kind not in pages.ACCEPTED:
        return pages.state_page(words.of_cast(outcome.kind), election)
    return receipt_page(outcome, election, may_make_account)


@bp.post("/vote/new-link")
@public
@limits.limiter.limit(limits.LINK_VOTES, key_func=limits.link_key)
def new_link() -> Response:
    """Mail a new link to the address on the register, in the place of one whose time is over."""
    with transaction():
        link = present_link()
        if link is None:
            return pages.state_page(words.no_ticket(), None)
        if link.state is LinkState.GOOD:
            return redirect(url_for("vote.ballot"), 303)
        if link.state is not LinkState.EXPIRED or link.token is None:
            return state(link)
        sent = voting_links.ask_again(link.token, public_address("vote.ballot"), pages.voter_actor())
        return pages.state_page(words.of_new_link(sent, pages.masked(link.token.voter.email or "")), _election(link))


def _take(token: str) -> Response:
    if not voting_links.is_token(token):
        return state(Link(LinkState.UNKNOWN))
    return pages.give_ticket(redirect(url_for("vote.ballot"), 303), token)


def present_link() -> Link | None:
    """Return the link that this browser opened, None when it holds no ticket of ours."""
    token_hash = pages.present_token_hash()
    return None if token_hash is None else voting_links.look_up(token_hash)


def state(link: Link) -> Response:
    """Answer with the page of a link that opens no ballot."""
    if link.state is LinkState.UNKNOWN:
        limits.note_unknown_link()
    expired = link.state is LinkState.EXPIRED
    over = link.state in (LinkState.VOTED, LinkState.CLOSED)
    return pages.state_page(words.of_state(link), _election(link), may_ask=expired, over=over)


def _election(link: Link) -> dict[str, Any] | None:
    return pages.election_view(link.token.election) if link.token else None


def ballot_page(
    token: pages.Holder, values: dict[str, Any] | None = None, error: ValidationFailed | None = None
) -> Response:
    """Return the ballot of whoever holds a link, or is signed in; its form goes to the address that shows it."""
    page = render_template(
        "vote/ballot.html", election=pages.election_view(token.election), **pages.ballot_view(token),
        nota_value=pages.NOTA_VALUE, marked=request.form.getlist("choice"),
        given=ballots.places_sent(request.form), error=error.message if error else None,
        idempotency_key=text_field(values or {}, "idempotency_key") or secrets.token_urlsafe(KEY_BYTES),
    )  # fmt: skip
    return make_response(page, error.status if error else 200)


def review_page(token: pages.Holder, choice: ballots.Choice, values: dict[str, Any]) -> Response:
    """Show what was chosen to a browser without JavaScript. Every choice makes a page of the same length, in bytes."""
    view = pages.ballot_view(token)
    by_id = {int(one["id"]): one for one in view["choices"]}
    nota = {"id": pages.NOTA_VALUE, "name": _("None of the above"), "party": None}
    chosen = [nota] if choice.nota else [by_id[number] for number in choice.candidates]
    fields = [(name, value) for name, value in request.form.items(multi=True) if name.startswith(CHOICE_FIELDS)]
    page = {"election": pages.election_view(token.election), "idempotency_key": text_field(values, "idempotency_key")}
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
        return make_response(jsonify(pages.receipt_json(outcome)))
    signed = outcome.signed_receipt
    page = render_template(
        "vote/receipt.html", election=election, outcome=outcome, qr=ballots.receipt_qr(signed) if signed else None,
        verify_url=public_address("verify.election", public_id=election["public_id"]),
        may_make_account=may_make_account,
    )  # fmt: skip
    return make_response(page)


def picked(values: dict[str, Any]) -> object:
    """Return the choice as sent: JSON as it is, a form's one or several marked rows."""
    if request.is_json:
        picked = values.get("choice")
        return picked.lower() if isinstance(picked, str) else picked
    if places := ballots.places_sent(request.form):
        return places
    marked = [mark.rstrip(".").lower() for mark in request.form.getlist("choice")]
    return marked[0] if len(marked) == 1 else marked
