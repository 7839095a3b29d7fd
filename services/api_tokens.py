"""Bearer tokens of the API: a short one to ask with, and one to refresh it, good once.

Both belong to a session like that of a browser: what ends the session (signing out, a new password, a deactivated
account, its age, the silence of staff) ends them. A refresh token that comes a second time was copied, so the whole
session ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, update

from models import ApiToken, ApiTokenUse, StaffSession, VoterSession, db
from services import accounts, audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.security import hash_token, new_token
from services.voter_accounts import sessions

ACCESS_LASTS = timedelta(minutes=15)
"""Short, because a copied one cannot be told from the real one (RFC 6750, section 5.3: an hour or less)."""
MAX_LENGTH = 200
"""Characters of a token that is looked up at all."""

Session = StaffSession | VoterSession


@dataclass(frozen=True)
class Pair:
    """Both tokens in clear, shown once; `expires_in` is the life of the access token in seconds."""

    access: str
    refresh: str
    expires_in: int


@dataclass(frozen=True)
class Standing:
    """Whose a good access token is, by role, and when it ends (UTC)."""

    role: str
    ends_at: datetime


def begin_staff(session_token: str) -> Pair:
    """Issue the first tokens of a staff session that has just begun; `session_token` is given to nobody."""
    found = accounts.find_session(session_token)
    if found is None:
        raise ValueError("no such session")
    return _issue(found)


def begin_voter(session_token: str) -> Pair:
    """Issue the first tokens of a voter's session that has just begun; `session_token` is given to nobody."""
    found = sessions.find(session_token)
    if found is None:
        raise ValueError("no such session")
    return _issue(found)


def find(access: str) -> Session | None:
    """Return the live session of an access token, None for one that is wrong, too old, or of a session that ended."""
    row = _row(ApiTokenUse.ACCESS, access)
    return _session(row) if row is not None and row.expires_at > utc_now() else None


def standing(access: str) -> Standing | None:
    """Return how an access token stands, None for one that `find` would not take."""
    session, row = find(access), _row(ApiTokenUse.ACCESS, access)
    if session is None or row is None:
        return None
    return Standing("voter" if isinstance(session, VoterSession) else session.staff_user.role.value, row.expires_at)


def refresh(token: str, actor: Actor) -> Pair | None:
    """Spend a refresh token for new ones; None when it is not good. One that was spent before ends its session."""
    row = _row(ApiTokenUse.REFRESH, token)
    session = _session(row) if row is not None else None
    if row is None or session is None:
        return None
    unused = update(ApiToken).where(ApiToken.id == row.id, ApiToken.used_at.is_(None)).values(used_at=utc_now())
    if db.session.scalar(unused.returning(ApiToken.id)) is None:
        session.ended_at = utc_now()
        audit_logger.record("outside:api_tokens:reused", actor, subject_id=session.id)
        return None
    if isinstance(session, StaffSession):
        session.last_seen_at = utc_now()
    over = _of(session), ApiToken.use == ApiTokenUse.ACCESS, ApiToken.expires_at < utc_now()
    db.session.execute(delete(ApiToken).where(*over))
    return _issue(session)


def _issue(session: Session) -> Pair:
    now = utc_now()
    access, again = new_token(), new_token()
    life = sessions.LIFETIME if isinstance(session, VoterSession) else accounts.SESSION_LIFETIME
    lasts = {ApiTokenUse.ACCESS: (access, ACCESS_LASTS), ApiTokenUse.REFRESH: (again, life)}
    for use, (token, span) in lasts.items():
        row = ApiToken(token_hash=hash_token(token), use=use, expires_at=now + span, created_at=now)
        if isinstance(session, VoterSession):
            row.voter_session_id = session.id
        else:
            row.staff_session_id = session.id
        db.session.add(row)
    db.session.flush()
    return Pair(access, again, int(ACCESS_LASTS.total_seconds()))


def _row(use: ApiTokenUse, token: str) -> ApiToken | None:
    if not token or len(token) > MAX_LENGTH:
        return None
    return db.session.query(ApiToken).filter_by(token_hash=hash_token(token), use=use).one_or_none()


def _session(row: ApiToken) -> Session | None:
    if row.staff_session_id is not None:
        return accounts.live_session(row.staff_session_id)
    return sessions.live(row.voter_session_id or 0)


def _of(session: Session) -> ColumnElement[bool]:
    owner = ApiToken.voter_session_id if isinstance(session, VoterSession) else ApiToken.staff_session_id
    return owner == session.id
