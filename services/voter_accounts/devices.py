"""Browsers that a voter trusts: there the password alone signs in, for 30 days, until revoked."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, exists, select, update

from models import Voter, VoterDevice, db
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.errors import NotFound
from services.security import hash_token, new_token
from services.voter_accounts.sessions import as_voter

TRUSTED_FOR = timedelta(days=30)


def trust(voter: Voter, actor: Actor) -> str:
    """Trust this browser and return the token that it keeps."""
    token = new_token()
    db.session.add(
        VoterDevice(
            voter_id=voter.id, token_hash=hash_token(token), user_agent=actor.user_agent,
            expires_at=utc_now() + TRUSTED_FOR, created_at=utc_now(),
        )
    )  # fmt: skip
    audit_logger.record("voter:device:trusted", as_voter(voter, actor), voter_number=voter.voter_id)
    return token


def is_trusted(voter: Voter, token: str) -> bool:
    """Tell whether this token is that of a browser which the voter trusts."""
    held = exists().where(_good(voter.id), VoterDevice.token_hash == hash_token(token))
    return bool(db.session.scalar(select(held)))


def trusted(voter_id: int) -> list[VoterDevice]:
    """Return the browsers that the voter trusts, the newest first."""
    return list(db.session.scalars(select(VoterDevice).where(_good(voter_id)).order_by(VoterDevice.id.desc())))


def revoke(voter_id: int, device_id: int, actor: Actor) -> None:
    """Trust one browser no more; raises NotFound for anybody else's."""
    device = db.session.scalar(select(VoterDevice).where(_good(voter_id), VoterDevice.id == device_id))
    if device is None:
        raise NotFound(_("This browser is not trusted any more."))
    device.revoked_at = utc_now()
    audit_logger.record("voter:device:revoked", actor, subject_id=device_id)


def revoke_all(voter: Voter) -> None:
    """Trust none of the voter's browsers any more."""
    db.session.execute(update(VoterDevice).where(_good(voter.id)).values(revoked_at=utc_now()))


def _good(voter_id: int) -> ColumnElement[bool]:
    return (VoterDevice.voter_id == voter_id) & VoterDevice.revoked_at.is_(None) & (VoterDevice.expires_at > utc_now())
