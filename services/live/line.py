"""The line to PostgreSQL: one connection a process, outside the pool, that listens and sends.

Sent and received is `<election id> <topic>` and nothing else. When the line breaks it is opened again, with longer and
longer pauses; until then pages are refreshed by the clock alone.
"""

from __future__ import annotations

import logging
import re
import select
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg2

log = logging.getLogger(__name__)

CHANNEL = "smart_voting_live"
MESSAGE = re.compile(r"(\d{1,18}) ([a-z_]{1,40})")
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
CONNECT_SECONDS = 5


@dataclass
class Line:
    """`dsn` is a libpq connection string; `clock` counts seconds. Used by one thread only."""

    dsn: str = field(repr=False)
    clock: Callable[[], float] = time.monotonic
    _connection: Any = None
    _tries: int = 0
    _again_at: float = 0.0
    _unsent: set[str] = field(default_factory=set)

    @property
    def is_up(self) -> bool:
        return self._connection is not None

    def exchange(self, changes: set[tuple[int, str]], seconds: float) -> set[int]:
        """Send the changes, wait at most `seconds` for others', return the ids of the elections they are about."""
        if not self.is_up and not self._open():
            time.sleep(seconds)
            return set()
        try:
            self._send(changes)
            return self._receive(seconds)
        except (psycopg2.Error, OSError, ValueError) as error:
            log.warning("The line of the live pages broke: %s", type(error).__name__)
            self.close()
            return set()

    def close(self) -> None:
        """Let the connection go."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg2.Error):
                connection.close()

    def _open(self) -> bool:
        if self.clock() < self._again_at:
            return False
        try:
            connection = psycopg2.connect(
                self.dsn, connect_timeout=CONNECT_SECONDS, application_name="smart-voting live"
            )
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
        except psycopg2.Error as error:
            pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(self._tries, 10))
            self._tries, self._again_at = self._tries + 1, self.clock() + pause
            log.warning("No line for the live pages; next try in %.0f s: %s", pause, type(error).__name__)
            return False
        self._connection, self._tries = connection, 0
        return True

    def _send(self, changes: set[tuple[int, str]]) -> None:
        if not changes:
            return
        with self._connection.cursor() as cursor:
            for election_id, topic in sorted(changes):
                cursor.execute("SELECT pg_notify(%s, %s)", (CHANNEL, f"{election_id} {topic}"))

    def _receive(self, seconds: float) -> set[int]:
        watch = select.poll()
        watch.register(self._connection, select.POLLIN)
        watch.poll(seconds * 1000)
        self._connection.poll()
        found, self._connection.notifies[:] = list(self._connection.notifies), []
        messages = [MESSAGE.fullmatch(one.payload) for one in found]
        return {int(message[1]) for message in messages if message}
