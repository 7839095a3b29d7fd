"""Whether the database can write: asked of it, because its disk may be that of another machine.

A query whose result does not fit into 64 KiB of memory is laid down in a temporary file of PostgreSQL, beside the
votes, and removed at once. So no row is written, no log and no catalogue grows, and it works behind PgBouncer. Asking
whether a row could be changed would not do: there is room for that in old pages of a disk that is full.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from models import db

KEPT_SECONDS = 5.0
"""However often somebody asks, each process probes no more often than this."""
DISK_FULL = "53100"
"""SQLSTATE `disk_full`; anything else says nothing about the disk, and other checks find a database that is away."""
FULL = "The disk of the database is full: no vote can be cast. Make room there; it goes on by itself."
READ_ONLY = "The database takes no change: DB_URL leads to a replica, or it was set to read-only."
log = logging.getLogger(__name__)

_PLACE = text(
    "SELECT set_config('temp_tablespaces', coalesce((SELECT quote_ident(space.spcname) FROM pg_class AS votes"
    " JOIN pg_tablespace AS space ON space.oid = votes.reltablespace WHERE votes.oid = to_regclass('votes')"
    " AND has_tablespace_privilege(space.oid, 'CREATE')), ''), true), set_config('work_mem', '64kB', true)"
)
_WRITE = text(
    "WITH laid_down AS MATERIALIZED (SELECT repeat('x', 8192) AS piece FROM generate_series(1, 128))"
    " SELECT sum(length(piece)) FROM laid_down"
)
"""One megabyte."""


@dataclass
class _Kept:
    """What was found last, and when on the monotonic clock."""

    at: float | None = None
    found: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


_kept = _Kept()


def trouble() -> str | None:
    """Return in words for the operator why nothing can be written, at most 5 s old; None while it can.

    On a connection of its own. Raises SQLAlchemyError when the database lets nobody in.
    """
    with _kept.lock:
        if _kept.at is None or time.monotonic() - _kept.at >= KEPT_SECONDS:
            with db.engines[None].connect() as connection:
                _kept.found = probe(connection)
            _kept.at = time.monotonic()
        return _kept.found


def probe(connection: Connection) -> str | None:
    """Probe now, in a transaction of this connection that the caller gives up; otherwise as `trouble`."""
    if connection.scalar(text("SELECT current_setting('transaction_read_only')")) == "on":
        return READ_ONLY
    try:
        connection.execute(_PLACE)
        connection.execute(_WRITE)
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) == DISK_FULL:
            return FULL
        log.warning("Whether the database has room could not be found out: %s", type(error.orig).__name__)
    return None
