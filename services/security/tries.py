"""Failed tries at an account: counted by account and address together, so that nobody outside locks anybody out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select

from models import LoginFailure, SignInStep, db
from services.clock import utc_now

MAX_FAILURES = 5
FAILURE_WINDOW = timedelta(minutes=15)
TRIES_LOCK = 0x5349474E
"""Class of the advisory locks under which tries are counted."""
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 - a name for "no address", nothing listens there
MAX_NAME = 200
"""Characters kept of what was typed as the account."""


@dataclass(frozen=True)
class Tries:
    """The tries at the password of one account from one address (None where it is unknown)."""

    account: str
    address: str | None

    def queue_up(self) -> None:
        """Let tries come one after the other until this transaction ends: else many at once all count four failures."""
        name = func.hashtext(f"{self.address} {self.account}")
        db.session.execute(select(func.pg_advisory_xact_lock(TRIES_LOCK, name)))

    def waiting_time(self) -> timedelta | None:
        """Return how long this account waits for this address, None when it may try."""
        counted = select(func.count(), func.max(LoginFailure.created_at)).where(self._failures())
        count, latest = db.session.execute(counted).one()
        return latest + FAILURE_WINDOW - utc_now() if count >= MAX_FAILURES else None

    def note(self) -> None:
        """Write a failure down."""
        db.session.add(LoginFailure(username=self.account[:MAX_NAME], ip_address=self.address or UNKNOWN_ADDRESS))

    def forget(self) -> None:
        """Forget the failures: the right password was typed."""
        db.session.execute(delete(LoginFailure).where(self._failures()))

    def _failures(self) -> ColumnElement[bool]:
        return (
            (LoginFailure.username == self.account[:MAX_NAME])
            & (LoginFailure.ip_address == (self.address or UNKNOWN_ADDRESS))
            & (LoginFailure.step == SignInStep.PASSWORD)
            & (LoginFailure.created_at > utc_now() - FAILURE_WINDOW)
        )


def minutes(wait: timedelta) -> int:
    """Return a waiting time in whole minutes, at least 1, for a sentence."""
    return max(1, round(wait / timedelta(minutes=1)))
