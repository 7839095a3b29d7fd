"""The pages behind a voting link: open it, choose, check, cast. They work without JavaScript and without an account.

Opening a link spends nothing. Its token leaves the address with the first answer; a ticket stands for it from then on.
"""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from blueprints import limits, voting_view
from blueprints import voting_words as words
from blueprints.http import body, public_address, text_field
from blueprints.policy import public
from blueprints.principal import refuse_booths
from blueprints.vote import bp, pages, paper
from models import transaction
from services import ballots, voting_links
from services.voting_links import Link, LinkState


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
        return paper.ballot_page(link.token)


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
        choice = paper.choose(link.token, values, step)
        if isinstance(choice, Response):
            return choice
        key = text_field(values, "idempotency_key")
        outcome = ballots.cast(voting_links.link_right(link.token), choice, key, voting_view.voter_actor())
        election = pages.election_view(link.token.election)
        may_make_account = link.token.voter.password_hash is None
    if outcome.kind not in voting_view.ACCEPTED:
        return pages.state_page(words.of_cast(outcome.kind), election)
    return paper.receipt_page(outcome, election, may_make_account)


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
        sent = voting_links.ask_again(link.token, public_address("vote.ballot"), voting_view.voter_actor())
        return pages.state_page(
            words.of_new_link(sent, voting_view.masked(link.token.voter.email or "")), _election(link)
        )


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
