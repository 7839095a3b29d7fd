"""Voting by a link's token, or in the own account: the same cast as on the pages, with an idempotency key."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from flask import g
from pydantic import Field

from blueprints import limits, voting_view
from blueprints import voting_words as words
from blueprints.api import bp
from blueprints.api.operations import documented
from blueprints.api.shapes import Shape, Token
from blueprints.policy import public, requires
from models import Election, VotingToken, transaction
from services import ballots, voter_accounts, voting_links
from services.ballots import CastOutcome
from services.errors import DomainError
from services.security import Permission, hash_token
from services.voter_accounts import BallotState
from services.voting_links import Link, LinkState

MOST_CHOICES = 500
Pick = int | Literal["nota"] | list[int]


class LinkToken(Shape):
    """The token of a voting link: what stands behind `token=` in the mail."""

    token: Token


class LinkStanding(Shape):
    """How a link stands; `state` is `good` as long as a vote can be cast with it."""

    valid: bool
    state: str
    has_voted: bool
    election_id: uuid.UUID | None = None
    election_title: str | None = None
    expires_at: datetime | None = None


class BallotChoice(Shape):
    """One line of the ballot; pictures are addresses of this server."""

    candidate_id: int
    name: str
    party: str | None
    description: str
    image_url: str | None
    symbol_url: str | None


class Ballot(Shape):
    """The choices in the order in which this voter's page shows them; NOTA is always one more."""

    election_id: uuid.UUID
    title: str
    method: str
    max_choices: int
    seats: int
    secret: bool
    closes_at: datetime
    choices: list[BallotChoice]


class OwnCast(Shape):
    """`choice`: the number of a candidate, a list of them (approval; ranked: in your order), or "nota"."""

    choice: Pick = Field(examples=["nota", 7, [7, 9]])


class LinkCast(OwnCast):
    """A vote by a link's token."""

    token: Token


class Receipt(Shape):
    """`audit_ref`: you took part. `receipt`: a ballot with this code was counted (secret elections)."""

    audit_ref: str
    receipt: str | None = None
    cast_at: datetime | None = None
    signed_receipt: str | None = None


class VoteRefused(DomainError):
    """No ballot, or no vote; status, code and words as on the pages."""

    def __init__(self, said: words.Words) -> None:
        self.status, self.code = said.status, said.code
        super().__init__(f"{said.heading}. {said.message}")


@bp.post("/voting/validate-token")
@public
@limits.limiter.limit(limits.LINKS, key_func=limits.api_address_key, deduct_when=limits.was_unknown)
@documented("Voting by link", LinkStanding, LinkToken)
def validate_link_token(body: LinkToken) -> LinkStanding:
    """Say how a link's token stands. Asking spends nothing, and no token comes into an address."""
    link = _link(body.token)
    if link.token is None:
        return LinkStanding(valid=False, state=link.state.value, has_voted=False)
    return LinkStanding(
        valid=link.state is LinkState.GOOD, state=link.state.value, has_voted=link.state is LinkState.VOTED,
        election_id=link.token.election.public_id, election_title=link.token.election.title,
        expires_at=voting_links.ends_at(link.token),
    )  # fmt: skip


@bp.post("/voting/ballot")
@public
@limits.limiter.limit(limits.LINKS, key_func=limits.api_address_key, deduct_when=limits.was_unknown)
@documented("Voting by link", Ballot, LinkToken, refuses=(403, 409, 410))
def link_ballot(body: LinkToken) -> Ballot:
    """Show the ballot of a link's token."""
    link = _link(body.token)
    if link.state is not LinkState.GOOD or link.token is None:
        raise VoteRefused(words.of_state(link))
    with transaction():
        voting_links.note_opened(link.token)
        return _ballot(link.token)


@bp.post("/voting/cast")
@public
@limits.limiter.limit(limits.LINKS, key_func=limits.api_address_key, deduct_when=limits.was_unknown)
@documented("Voting by link", Receipt, LinkCast, refuses=(403, 409, 410), keyed=True)
def link_cast(body: LinkCast, key: str) -> Receipt:
    """Cast by a link's token. Repeated with the same key it gives the first answer again, whatever the choice."""
    with transaction():
        link = _link(body.token)
        token: VotingToken | None = link.token
        if token is None or link.state not in (LinkState.GOOD, LinkState.VOTED):
            raise VoteRefused(words.of_state(link))
        choice = ballots.parse_choice(token.election, body.choice)
        outcome = ballots.cast(voting_links.link_right(token), choice, key, voting_view.voter_actor())
    if outcome.kind not in voting_view.ACCEPTED:
        raise VoteRefused(words.of_cast(outcome.kind))
    return _receipt(outcome)


@bp.get("/me/elections/<uuid:public_id>/ballot")
@requires(Permission.OWN_VOTES)
@documented("Voting in the account", Ballot, refuses=(403, 409, 410))
def own_ballot(public_id: uuid.UUID) -> Ballot:
    """Show the ballot of an election on whose roll you stand."""
    paper = voter_accounts.paper_of(g.principal.session_id, public_id)
    if paper.state is not BallotState.GOOD:
        raise VoteRefused(words.of_paper(paper))
    return _ballot(paper)


@bp.post("/me/elections/<uuid:public_id>/cast")
@requires(Permission.OWN_VOTES)
@documented("Voting in the account", Receipt, OwnCast, refuses=(403, 409, 410), keyed=True)
def own_cast(public_id: uuid.UUID, body: OwnCast, key: str) -> Receipt:
    """Cast in the account. Repeated with the same key it gives the first answer again, whatever the choice."""
    with transaction():
        paper = voter_accounts.paper_of(g.principal.session_id, public_id)
        if paper.state not in (BallotState.GOOD, BallotState.VOTED):
            raise VoteRefused(words.of_paper(paper))
        choice = ballots.parse_choice(paper.election, body.choice)
        outcome = ballots.cast(voter_accounts.account_right(paper), choice, key, voting_view.voter_actor())
    if outcome.kind not in voting_view.ACCEPTED:
        raise VoteRefused(words.of_account_cast(outcome.kind))
    return _receipt(outcome)


def _link(token: str) -> Link:
    link = voting_links.look_up(hash_token(token) if voting_links.is_token(token) else None)
    if link.state is LinkState.UNKNOWN:
        limits.note_unknown_link()
    return link


def _ballot(holder: voting_view.Holder) -> Ballot:
    election: Election = holder.election
    shown = voting_view.ballot_view(holder)
    fields = ("name", "party", "description", "image_url", "symbol_url")
    return Ballot(
        election_id=election.public_id, title=election.title, method=election.method.value,
        max_choices=election.max_choices, seats=election.seats, secret=election.is_secret,
        closes_at=election.closes_at,
        choices=[
            BallotChoice(candidate_id=int(one["id"]), **{name: one[name] for name in fields})
            for one in shown["choices"]
        ],
    )  # fmt: skip


def _receipt(outcome: CastOutcome) -> Receipt:
    return Receipt.model_validate(voting_view.receipt_json(outcome))
