"""Voting in the own account: the ballot of the link pages, for a voter who is signed in."""

from __future__ import annotations

import uuid

from flask import g, redirect, url_for
from werkzeug.wrappers import Response

from blueprints import limits, voting_view
from blueprints import voting_words as words
from blueprints.http import body, text_field, wants_json
from blueprints.policy import requires
from blueprints.vote import bp, pages, paper
from models import transaction
from services import ballots, voter_accounts
from services.security import Permission
from services.voter_accounts import BallotState, Paper


@bp.get("/vote/account/<uuid:public_id>")
@requires(Permission.OWN_VOTES)
def account_ballot(public_id: uuid.UUID) -> Response:
    """Show the ballot of an election on whose roll the voter stands."""
    own = voter_accounts.paper_of(g.principal.session_id, public_id)
    if own.state is BallotState.IDENTITY and not wants_json():
        return redirect(url_for("voter.identity", public_id=public_id), 303)
    return paper.ballot_page(own) if own.state is BallotState.GOOD else _state(own)


@bp.post("/vote/account/<uuid:public_id>")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.LINK_VOTES, key_func=limits.own_key)
def account_cast(public_id: uuid.UUID) -> Response:
    """Cast the vote (`step` cast), or show once more what was chosen (review) or the ballot (change)."""
    values = body()
    step = text_field(values, "step") or "cast"
    with transaction():
        own = voter_accounts.paper_of(g.principal.session_id, public_id)
        # A repeated cast of an accepted vote gets its first answer again.
        if own.state is not BallotState.GOOD and not (own.state is BallotState.VOTED and step == "cast"):
            return _state(own)
        choice = paper.choose(own, values, step)
        if isinstance(choice, Response):
            return choice
        key = text_field(values, "idempotency_key")
        outcome = ballots.cast(voter_accounts.account_right(own), choice, key, voting_view.voter_actor())
        election = pages.election_view(own.election)
    if outcome.kind in voting_view.ACCEPTED:
        return paper.receipt_page(outcome, election)
    return pages.state_page(words.of_account_cast(outcome.kind), election, own=True)


def _state(own: Paper) -> Response:
    over = own.state in (BallotState.VOTED, BallotState.CLOSED)
    return pages.state_page(words.of_paper(own), pages.election_view(own.election), own=True, over=over)
