"""The worker's sign of life: written by it, read by health checks and metrics."""

from __future__ import annotations

import platform
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from models import WorkerBeat, db
from services.clock import utc_now

LATE_AFTER = timedelta(minutes=2)
"""A worker that seals a large election, or waits for a mail server, is busy for a minute; two are worth a look."""
FORGOTTEN_AFTER = timedelta(days=1)


def beat() -> None:
    """Note that the worker of this computer lives; in the caller's transaction."""
    now = utc_now()
    statement = insert(WorkerBeat).values(name=platform.node() or "worker", seen_at=now)
    db.session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"seen_at": now}))
    db.session.execute(delete(WorkerBeat).where(WorkerBeat.seen_at < now - FORGOTTEN_AFTER))


def age() -> timedelta | None:
    """Return the time since any worker's last sign of life; None when none ever gave one."""
    seen = db.session.scalar(select(func.max(WorkerBeat.seen_at)))
    return max(timedelta(), utc_now() - seen) if seen is not None else None
