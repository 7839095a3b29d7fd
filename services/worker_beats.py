"""The workers' signs of life: each writes its own, health checks and metrics read them."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from models import WorkerBeat, db
from services.clock import utc_now

LATE_AFTER = timedelta(minutes=2)
"""A worker that seals a large election, or waits for a mail server, is busy for a minute; two are worth a look."""
FORGOTTEN_AFTER = timedelta(days=1)
"""Of a worker on a computer that is gone for good; on its own computer the next worker notices that it ended."""


@dataclass(frozen=True)
class Silent:
    """A worker that stands still: computer and process, and the time since its last sign of life."""

    name: str
    age: timedelta


def beat() -> None:
    """Note that this process lives, and forget those that do not; in the caller's transaction."""
    now = utc_now()
    statement = insert(WorkerBeat).values(name=own_name(), seen_at=now)
    db.session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"seen_at": now}))
    db.session.execute(delete(WorkerBeat).where(WorkerBeat.seen_at < now - FORGOTTEN_AFTER))
    ended = [name for name in db.session.scalars(select(WorkerBeat.name)) if _has_ended(name)]
    if ended:
        db.session.execute(delete(WorkerBeat).where(WorkerBeat.name.in_(ended)))


def end() -> None:
    """Forget this process, which stops as it should; in the caller's transaction."""
    db.session.execute(delete(WorkerBeat).where(WorkerBeat.name == own_name()))


def age() -> timedelta | None:
    """Return the time since any worker's last sign of life; None when there is no worker."""
    seen = db.session.scalar(select(func.max(WorkerBeat.seen_at)))
    return max(timedelta(), utc_now() - seen) if seen is not None else None


def silent() -> list[Silent]:
    """Return the workers without a sign of life for LATE_AFTER or longer, by name."""
    now = utc_now()
    rows = db.session.execute(
        select(WorkerBeat.name, WorkerBeat.seen_at)
        .where(WorkerBeat.seen_at < now - LATE_AFTER)
        .order_by(WorkerBeat.name)
    )
    return [Silent(name, now - seen_at) for name, seen_at in rows]


def own_name() -> str:
    """Return the name of this process among all workers, for example `votes-1:4711`."""
    return f"{_computer()}:{os.getpid()}"


def _computer() -> str:
    return platform.node() or "worker"


def _has_ended(name: str) -> bool:
    """Tell whether a worker ran on this computer and does not any more; of other computers nothing is known."""
    computer, _colon, process = name.rpartition(":")
    if name == _computer():
        return True  # An earlier version named a worker by its computer alone.
    if computer != _computer() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
