"""What is not needed any more: abandoned challenges, old failures of signing in, counters of rate limits."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from models import Challenge, LoginFailure, RateLimitHit, db
from services import approvals, attendance, audit_trail, identification, mailings, roll_import, voter_accounts
from services.actor import Actor
from services.clock import utc_now

WORKER = Actor(role="worker", name="worker")
ABANDONED_AFTER = timedelta(minutes=10)
"""Until then a kiosk may still report the end itself; afterwards the frames are wiped."""
CHALLENGES_KEPT = timedelta(days=30)
"""Drawn and abandoned challenges count against a voter for the length of an election."""
FAILURES_KEPT = timedelta(days=1)


def end_challenges() -> None:
    """End challenges that nobody came back to; in the caller's transaction, which may fail by a full disk."""
    identification.end_expired(ABANDONED_AFTER, WORKER)
    voter_accounts.identity.end_expired(ABANDONED_AFTER, WORKER)


def expire_approvals() -> None:
    """Write down which requests for a dangerous act ran out; in the caller's transaction."""
    approvals.expire_due(WORKER)


def tidy_request_audit() -> None:
    """Look for bursts of refused requests and keep their rows within bounds; in the caller's transaction."""
    audit_trail.watch_for_bursts(WORKER)
    audit_trail.tidy()


def withdraw_mails() -> None:
    """Let no mail leave that came too late; in the caller's transaction."""
    mailings.withdraw_what_is_too_late()


def forget() -> None:
    """Delete what is over; in the caller's transaction."""
    now = utc_now()
    db.session.execute(delete(Challenge).where(Challenge.expires_at < now - CHALLENGES_KEPT))
    db.session.execute(delete(LoginFailure).where(LoginFailure.created_at < now - FAILURES_KEPT))
    roll_import.forget_old()
    voter_accounts.forget_old()
    attendance.forget_old()
    db.session.execute(delete(RateLimitHit).where(RateLimitHit.expires_at < now))
