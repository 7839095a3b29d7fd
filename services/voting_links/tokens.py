"""How a voting link stands, and the right to cast by it. Looking a link up spends nothing: mail scanners open links."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload

from models import Channel, ReplacedToken, Vote, VoterStatus, VotingToken, db
from services import audit_logger, presence
from services.actor import Actor
from services.ballots import CastingRight, RightOver
from services.clock import utc_now
from services.identification import LookupReason, election_refusal

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # secrets.token_urlsafe(32): 256 random bits


class LinkState(enum.StrEnum):
    GOOD = "good"
    VOTED = "voted"
    """This voter has voted, by the link or elsewhere."""
    EXPIRED = "expired"
    REPLACED = "replaced"
    NOT_OPEN = "not_open"
    CLOSED = "closed"
    SUSPENDED = "suspended"
    ABSENT = "absent"
    """The vote belongs to a meeting, and this voter is not present."""
    NO_QUORUM = "no_quorum"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Link:
    """How a link stands; `token` is the row, of an unknown or replaced link there is none."""

    state: LinkState
    token: VotingToken | None = None
    voted_at: datetime | None = None


def is_token(text: str) -> bool:
    """Tell whether a text has the form of a token, so that others never reach the database."""
    return _TOKEN.fullmatch(text) is not None


def look_up(token_hash: bytes | None) -> Link:
    """Return how the link with this SHA-256 stands; the same two indexed questions for every unknown one."""
    if token_hash is None:
        return Link(LinkState.UNKNOWN)
    token = db.session.scalar(
        select(VotingToken)
        .where(VotingToken.token_hash == token_hash)
        .options(joinedload(VotingToken.election), joinedload(VotingToken.voter))
    )
    if token is not None:
        return _judge(token)
    replaced = db.session.get(ReplacedToken, token_hash)
    return Link(LinkState.UNKNOWN if replaced is None else LinkState.REPLACED)


def ends_at(token: VotingToken) -> datetime:
    """Return when the link ends: its own time, and never after the election closes."""
    return min(token.expires_at, token.election.closes_at)


def note_opened(token: VotingToken) -> None:
    """Note that the ballot page was opened, the first time only. A program that checks mails may have done it."""
    first = update(VotingToken).where(VotingToken.id == token.id, VotingToken.opened_at.is_(None))
    db.session.execute(first.values(opened_at=utc_now()).execution_options(synchronize_session=False))


def link_right(token: VotingToken) -> CastingRight:
    """Return the right to cast by this link as it was looked up: a newer link ends it."""
    return CastingRight(
        token.election_id, token.voter_id, Channel.LINK, "voter:vote:cast",
        spend=lambda: _spend(token), turn_away=lambda actor: _refuse(token, actor),
    )  # fmt: skip


def _judge(token: VotingToken) -> Link:
    mine = Vote.election_id == token.election_id, Vote.voter_id == token.voter_id
    if (voted_at := db.session.scalar(select(Vote.cast_at).where(*mine))) is not None:
        return Link(LinkState.VOTED, token, voted_at)
    now = utc_now()
    refusal = election_refusal(token.election, now)
    if refusal is LookupReason.CLOSED:
        return Link(LinkState.CLOSED, token)
    if token.expires_at <= now:
        return Link(LinkState.EXPIRED, token)
    if refusal is not None:
        return Link(LinkState.NOT_OPEN, token)
    if token.voter.status is not VoterStatus.VERIFIED:
        return Link(LinkState.SUSPENDED, token)
    if (absence := presence.refusal(token.election, token.voter_id)) is not None:
        return Link(LinkState(absence.value), token)
    return Link(LinkState.GOOD, token)


def _spend(token: VotingToken) -> None:
    spent = db.session.execute(
        update(VotingToken)
        .where(
            VotingToken.id == token.id,
            VotingToken.token_hash == token.token_hash,
            VotingToken.used_at.is_(None),
            VotingToken.expires_at > func.clock_timestamp(),
        )
        .values(used_at=utc_now())
        .execution_options(synchronize_session=False)
    )
    if spent.rowcount != 1:  # type: ignore[attr-defined]
        raise RightOver


def _refuse(token: VotingToken, actor: Actor) -> None:
    audit_logger.record(
        "voter:vote:refused", actor, election_id=token.election_id, voter_number=token.voter.voter_id,
        reason="suspended",
    )  # fmt: skip
