"""What mails to all voters say."""

from __future__ import annotations

from datetime import datetime

from models import Channel, Election, Voter
from services.clock import local_text
from services.context import platform
from services.email_service.rendering import Letter, render_letter
from services.voter_links import Purpose, link


def rehearsal(election: Election, voter: Voter, address: str) -> Letter:
    """Return the test mail: its link says that the mail arrived, and casts nothing."""
    return render_letter(
        "rehearsal",
        election_title=election.title,
        name=voter.name,
        opens=_local(election.opens_at),
        link=link(Purpose.REHEARSAL, address, election, voter),
        not_me=link(Purpose.NOT_ME, address, election, voter),
    )


def reminder(election: Election, voter: Voter, address: str, invited_at: datetime | None) -> Letter:
    """Return the reminder of somebody who has not voted; it holds no voting link, but says in which mail that is."""
    return render_letter(
        "reminder",
        election_title=election.title,
        name=voter.name,
        until=_local(election.closes_at),
        invited=_local(invited_at) if invited_at else None,
        by_link=Channel.LINK in election.channels,
        by_booth=Channel.BOOTH in election.channels,
        by_account=Channel.ACCOUNT in election.channels,
        site=address,
        not_me=link(Purpose.NOT_ME, address, election, voter),
    )


def result(election: Election, voter: Voter, address: str) -> Letter:
    """Return the mail that leads to the public result; it names nobody, so that the page alone tells the result."""
    return render_letter(
        "result",
        election_title=election.title,
        name=voter.name,
        link=f"{address}/results/?election={election.id}",
        secret=election.is_secret,
    )


def _local(moment: datetime) -> str:
    return local_text(moment, platform().settings.timezone)
