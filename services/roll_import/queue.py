"""Which import a worker has in hand: claimed with a lease, kept by saying how far it is, taken over when that stops.

The work is one transaction, so a worker that dies leaves nothing behind; progress is said on a connection of its own,
or nobody would see it before the end.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, CursorResult, func, or_, select, update

from models import ImportStatus, RollImport, db
from services.roll_import.errors import Superseded

LEASE = timedelta(seconds=60)
"""Far longer than between two words about progress; shorter than anybody would wait after a crash."""
SAY_EVERY_SECONDS = 0.5
MAX_ATTEMPTS = 5
AT_WORK = (ImportStatus.CHECKING, ImportStatus.IMPORTING)


@dataclass(frozen=True)
class Claim:
    """An import that this worker alone works on until its lease runs out."""

    id: uuid.UUID
    status: ImportStatus
    attempts: int


def claim_next() -> Claim | None:
    """Take the import that waits longest, counting the attempt; None when nothing waits."""
    now = func.clock_timestamp()
    row = db.session.execute(
        select(RollImport.id, RollImport.status, RollImport.attempts)
        .where(RollImport.status.in_(AT_WORK), or_(RollImport.locked_until.is_(None), RollImport.locked_until < now))
        .order_by(RollImport.created_at, RollImport.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return None
    claim = Claim(row.id, row.status, row.attempts + 1)
    values: dict[str, Any] = {"attempts": claim.attempts, "locked_until": now + LEASE, "progress": 0}
    db.session.execute(update(RollImport).where(RollImport.id == claim.id).values(**values))
    return claim


class Progress:
    """Says how far the work is, at most twice a second."""

    def __init__(self, connection: Connection, claim: Claim) -> None:
        self._connection, self._claim = connection, claim
        self._next = 0.0

    def say(self, done: int, total: int | None = None) -> None:
        """Write down how many rows are done, and of how many; raises Superseded when the import is ours no more."""
        if time.monotonic() < self._next and total is None:
            return
        values: dict[str, Any] = {"progress": done, "locked_until": func.clock_timestamp() + LEASE}
        if total is not None:
            values["total"] = total
        result = self._connection.execute(update(RollImport).where(*_mine(self._claim)).values(**values))
        if result.rowcount != 1:
            raise Superseded
        self._next = time.monotonic() + SAY_EVERY_SECONDS


@contextmanager
def progress_of(claim: Claim) -> Iterator[Progress]:
    """Give the voice of a claim, on a connection of its own."""
    engine = db.session.get_bind().engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield Progress(connection, claim)


def finish(claim: Claim, **values: Any) -> None:
    """Write the end of a step; raises Superseded when the import is ours no more, so that all of the step goes back."""
    result = db.session.execute(update(RollImport).where(*_mine(claim)).values(locked_until=None, **values))
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise Superseded


def postpone(claim: Claim) -> None:
    """Put an import back that could not be begun, for as long as a lease; this attempt does not count."""
    later = func.clock_timestamp() + LEASE
    db.session.execute(update(RollImport).where(*_mine(claim)).values(locked_until=later, attempts=claim.attempts - 1))


def _mine(claim: Claim) -> tuple[Any, ...]:
    return (RollImport.id == claim.id, RollImport.status == claim.status, RollImport.attempts == claim.attempts)
