"""Voting links in tests: made as the worker makes them, with the tokens that only the mails hold."""

from __future__ import annotations

import re

from sqlalchemy import select

from models import Channel, Election, EmailMessage, Voter, VotingToken, db, transaction
from services import voting_links
from services.actor import Actor
from services.email_service.content import open_body
from tests.factories import make_open_election

ADMIN = Actor(role="admin", id=None, name="admin")
VOTER = Actor(role="voter", name="voter", ip="127.0.0.1", user_agent="pytest")
ADDRESS = "https://vote.example.org/vote"


def link_election(voters: int = 1, **values: object) -> Election:
    """Return an open election of the channels link and booth."""
    channels = values.pop("channels", [Channel.BOOTH, Channel.LINK])
    return make_open_election(voters=voters, channels=channels, **values)


def make_links() -> None:
    """Make all links that were asked for, as the worker does; a test of its own does it with the worker's rights."""
    voting_links.send_due(transaction)


def send_links(election: Election, **values: bool) -> dict[int, str]:
    """Send the links of an election; return the newest token of every voter by the voter's id."""
    with transaction():
        voting_links.start_sending(election, ADDRESS, ADMIN, **values)
    make_links()
    return tokens_of(election)


def tokens_of(election: Election) -> dict[int, str]:
    """Return the newest token of every voter by the voter's id, out of the mails."""
    found = select(VotingToken.voter_id, EmailMessage.body).join(EmailMessage, EmailMessage.id == VotingToken.mail_id)
    rows = db.session.execute(found.where(VotingToken.election_id == election.id)).all()
    return {voter: token_in(open_body(body).text) for voter, body in rows if body is not None}


def token_in(text: str) -> str:
    """Return the token of the link in a mail's text."""
    found = re.search(r"/vote\?token=([A-Za-z0-9_-]+)", text)
    assert found is not None
    return found[1]


def token_of(voter: Voter, election: Election) -> VotingToken:
    return db.session.scalars(select(VotingToken).filter_by(voter_id=voter.id, election_id=election.id)).one()
