"""Personal voting links of an election: sent to its roll by mail, and how each stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from blueprints.api import bp
from blueprints.api.operations import documented
from blueprints.api.shapes import Shape
from blueprints.api.voter_shapes import Page, Words
from blueprints.http import current_actor, public_address
from blueprints.policy import requires
from models import Election, LinkSending, transaction
from services import voting_links as links
from services.desk import visible_election
from services.security import Permission
from services.voting_links import LinkRow, Standing

GROUP = "Voting links"


class LinkQuery(Shape):
    """Which voters of the roll: where their link stands, and a part of name, number or e-mail address."""

    standing: Standing | None = None
    q: Words = ""
    page: Page = 1
    per_page: Annotated[int, Field(ge=1, le=100)] = 50


class SendLinks(Shape):
    """To everybody who has none; with `renew` new ones to all who have not voted: those before end."""

    renew: bool = False


class Sending(Shape):
    """Links that the worker makes and mails; `progress` of `total` are made."""

    status: Literal["sending", "done"]
    progress: int
    total: int
    renew: bool


class LinkOf(Shape):
    """Where the link of one voter stands. No link and no token is ever shown: only the mail has it."""

    voter_id: int
    voter_number: str
    name: str
    standing: Standing
    made_at: datetime | None
    mail_error: str | None


class LinkStandings(Shape):
    """A page of the roll, how many voters stand where, and the last sending."""

    voters: list[LinkOf]
    total: int
    page: int
    per_page: int
    on_roll: int
    counts: dict[Standing, int]
    sending: Sending | None


class LinkSent(Shape):
    """A new link goes to this voter; the one before, if there was one, is worth nothing."""

    voter_id: int
    name: str
    expires_at: datetime


@bp.get("/elections/<int:election_id>/links")
@requires(Permission.MANAGE_ELECTIONS)
@documented(GROUP, LinkStandings, query=LinkQuery)
def list_links(election_id: int, query: LinkQuery) -> LinkStandings:
    """Show how the links of an election stand: sent, opened, used for voting, over, not delivered."""
    election = _election(election_id)
    figures, sending = links.link_figures(election), links.last_sending(election)
    rows, total = links.link_rows(election, query.standing, query.q.strip(), query.page, query.per_page)
    return LinkStandings(
        voters=[_link_of(row) for row in rows], total=total, page=query.page, per_page=query.per_page,
        on_roll=figures.on_roll, counts=figures.by_standing, sending=_sending(sending) if sending else None,
    )  # fmt: skip


@bp.post("/elections/<int:election_id>/links")
@requires(Permission.MANAGE_ELECTIONS)
@documented(GROUP, Sending, SendLinks, status=202, refuses=(409,))
def send_links(election_id: int, body: SendLinks) -> Sending:
    """Send links to the roll of an open election. The worker does it; ask for the list to see how far it is."""
    election = _election(election_id)
    with transaction():
        sending = links.start_sending(election, public_address("vote.ballot"), current_actor(), renew=body.renew)
        return _sending(sending)


@bp.post("/elections/<int:election_id>/links/<int:voter_id>")
@requires(Permission.MANAGE_ELECTIONS)
@documented(GROUP, LinkSent, status=202, refuses=(409,))
def send_link(election_id: int, voter_id: int) -> LinkSent:
    """Send one voter a new link. The one before ends with this."""
    election = _election(election_id)
    with transaction():
        token = links.renew_link(election, voter_id, public_address("vote.ballot"), current_actor())
        return LinkSent(voter_id=voter_id, name=token.voter.name, expires_at=links.ends_at(token))


def _link_of(row: LinkRow) -> LinkOf:
    same = ("voter_id", "voter_number", "name", "standing", "made_at", "mail_error")
    return LinkOf(**{name: getattr(row, name) for name in same})


def _sending(sending: LinkSending) -> Sending:
    status: Literal["sending", "done"] = "sending" if sending.finished_at is None else "done"
    return Sending(status=status, progress=sending.done, total=sending.total, renew=sending.renew)


def _election(number: int) -> Election:
    return visible_election(number, current_actor())
