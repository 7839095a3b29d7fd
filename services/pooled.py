"""Whether a kept database connection is still there: asked of its socket, and of the server only when that is in doubt.

SQLAlchemy's `pool_pre_ping` asks the server each time a request takes a connection: one way there and back more. A
server or PgBouncer that ends a connection sends so, and then there is something to read where nothing should be. Only a
line cut without a word goes unnoticed, and that one a ping would wait for, too.
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

LONG_IDLE_SECONDS = 30.0
"""Firewalls forget quiet connections after minutes, some without a word."""
_SINCE = "kept since"


def watch(engines: Iterable[Engine]) -> None:
    """Hand out no connection of these engines that has ended: another one is made in its place."""
    for engine in engines:
        _watch(engine)


def _watch(engine: Engine) -> None:
    @event.listens_for(engine, "checkin")
    def _kept(connection: Any, record: Any) -> None:
        record.info[_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _handed_out(connection: Any, record: Any, proxy: Any) -> None:
        since = record.info.get(_SINCE)
        if since is None:
            return
        try:
            if time.monotonic() - since >= LONG_IDLE_SECONDS or _has_news(connection):
                engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError("This connection has ended.") from error


def _has_news(connection: Any) -> bool:
    """Tell whether the server sent something unasked, or closed the line."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
