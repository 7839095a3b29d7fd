"""What the worker forgets: registrations whose code never came back, codes, sessions and links that are over."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from models import OneTimeCode, PasswordReset, Registration, VoterDevice, VoterSession, db
from services.clock import utc_now
from services.context import platform
from services.savepoints import after_commit
from services.voter_accounts import codes

UNCONFIRMED_KEPT = timedelta(days=1)
SESSIONS_KEPT = timedelta(days=30)
"""A session keeps the checks of faces drawn in it: they count against a voter for the length of an election."""


def forget_old() -> None:
    """Delete what is over; in the caller's transaction."""
    now = utc_now()
    unconfirmed = Registration.confirmed_at.is_(None), Registration.created_at < now - UNCONFIRMED_KEPT
    paths = db.session.scalars(delete(Registration).where(*unconfirmed).returning(Registration.photo_path)).all()
    for path in paths:
        after_commit(lambda path=path: platform().storage.delete(path))  # type: ignore[misc]
    db.session.execute(delete(OneTimeCode).where(OneTimeCode.created_at < now - codes.DAY))
    db.session.execute(delete(VoterSession).where(VoterSession.created_at < now - SESSIONS_KEPT))
    db.session.execute(delete(VoterDevice).where(VoterDevice.expires_at < now))
    db.session.execute(delete(PasswordReset).where(PasswordReset.expires_at < now))
