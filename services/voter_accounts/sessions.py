"""The signed-in browsers of voters: two hours each, ended by hand, by a new password, or with the account."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.orm import contains_eager

from models import Voter, VoterSession, VoterStatus, db
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.security import hash_token, new_token

LIFETIME = timedelta(hours=2)
"""Voters come for minutes, often at shared computers; staff work a day (`services.accounts`)."""


def start(voter: Voter, actor: Actor) -> str:
    """Make a session and return the token that the browser keeps."""
    token = new_token()
    db.session.add(
        VoterSession(voter_id=voter.id, token_hash=hash_token(token), user_agent=actor.user_agent, created_at=utc_now())
    )
    audit_logger.record("voter:session:started", as_voter(voter, actor), voter_number=voter.voter_id)
    return token


class Who(NamedTuple):
    """Whose browser asks: the rows of the session and the voter, and the voter ID."""

    session_id: int
    voter_id: int
    number: str


def who(token: str) -> Who | None:
    """Return whose live session has this token; None as `find`. Every request of a voter asks this and no more."""
    row = db.session.execute(_WHO, {"token": hash_token(token), "since": utc_now() - LIFETIME}).one_or_none()
    return None if row is None else Who(*row)


def find(token: str) -> VoterSession | None:
    """Return the live session of this token, unless it ended, is too old, or its voter is not verified any more."""
    return db.session.scalar(_BY_TOKEN, {"token": hash_token(token), "since": utc_now() - LIFETIME})


def live(session_id: int) -> VoterSession | None:
    """Return the session of this number, as `find` does for its token."""
    return db.session.scalar(_BY_ID, {"id": session_id, "since": utc_now() - LIFETIME})


# Built once: each request of a voter asks, and building the statement took as long as running it.
_IS_LIVE = (
    VoterSession.ended_at.is_(None), VoterSession.created_at > bindparam("since"),
    Voter.status == VoterStatus.VERIFIED, Voter.password_hash.is_not(None),
)  # fmt: skip
_HAS_TOKEN = VoterSession.token_hash == bindparam("token")
_LIVE = select(VoterSession).join(VoterSession.voter).options(contains_eager(VoterSession.voter)).where(*_IS_LIVE)
_BY_TOKEN = _LIVE.where(_HAS_TOKEN)
_BY_ID = _LIVE.where(VoterSession.id == bindparam("id"))
_WHO = select(VoterSession.id, Voter.id, Voter.voter_id).join(VoterSession.voter).where(*_IS_LIVE, _HAS_TOKEN)


def is_open(session_id: int) -> bool:
    """Tell whether the session is open, as the database has it now."""
    return db.session.scalar(select(VoterSession.id).where(VoterSession.id == session_id, _open())) is not None


def end(session_id: int, actor: Actor) -> None:
    """End a session; its token is worth nothing from then on."""
    db.session.get_one(VoterSession, session_id).ended_at = utc_now()
    audit_logger.record("voter:session:ended", actor)


def end_all(voter: Voter, but: int | None = None) -> int:
    """End the sessions of a voter, but for one, and return how many they were."""
    ending = update(VoterSession).where(VoterSession.voter_id == voter.id, _open(), VoterSession.id != (but or 0))
    return len(db.session.scalars(ending.values(ended_at=utc_now()).returning(VoterSession.id)).all())


def as_voter(voter: Voter, actor: Actor) -> Actor:
    """Return who has just proved to be this voter: known by the voter ID, as no log may keep a name for good."""
    return replace(actor, role="voter", id=voter.id, name=voter.voter_id)


def _open() -> ColumnElement[bool]:
    return VoterSession.ended_at.is_(None) & (VoterSession.created_at > utc_now() - LIFETIME)
