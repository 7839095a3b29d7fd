"""Links in mails that name a voter of an election without a voting token: for the rehearsal, and "this is not me".

They are signed and stored nowhere; a new SECRET_KEY ends them. None of them can vote.
"""

from __future__ import annotations

import enum
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select

from models import Election, RollEntry, Voter, db
from services.context import platform


class Purpose(enum.StrEnum):
    """What a link is for, and its page."""

    REHEARSAL = "/mail/rehearsal"
    NOT_ME = "/mail/not-me"


def link(purpose: Purpose, address: str, election: Election, voter: Voter) -> str:
    """Return the link; `address` is that of the site, such as `https://vote.example.org`."""
    return f"{address}{purpose.value}?token={_signer(purpose).dumps([election.id, voter.id])}"


def site_of(address: str) -> str:
    """Return the site that a page belongs to: `https://vote.example.org` of `https://vote.example.org/vote`."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def look_up(purpose: Purpose, token: str) -> tuple[Election, Voter] | None:
    """Return whom a token names; None when we did not make it, or the voter is on that roll no more."""
    try:
        said: Any = _signer(purpose).loads(token)
    except BadSignature:
        return None
    mine = (RollEntry.election_id == said[0]) & (RollEntry.voter_id == said[1])
    entry = db.session.scalar(select(RollEntry).where(mine))
    return None if entry is None else (entry.election, entry.voter)


def _signer(purpose: Purpose) -> URLSafeSerializer:
    return URLSafeSerializer(platform().settings.secret_key, salt=f"smart-voting{purpose.value}")
