"""Whether the read replica of DB_REPLICA_URL is near enough to the primary for pages that anybody may see.

How far it lags is told by positions in the write-ahead log, not by clocks: a position of the primary is noted once a
second, and the lag is the age of the newest one that the replica has replayed. So an idle primary makes no lag, and a
replica that was cut off is found out.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from models import db
from services.context import platform, replica_watch

ROLE = "replica"
LOOK_EVERY_SECONDS = 1.0
LOST_SECONDS = 5.0
"""A replica that did not answer is left alone for so long."""
LONGEST_MEMORY = 600
_WRITTEN = text("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")
_REPLAYED = text(
    "SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint END"
)
log = logging.getLogger(__name__)


@dataclass
class Watch:
    """`written` and `replayed` answer bytes of the log of primary and replica; None from what is no replica.

    Both raise SQLAlchemyError while their server is away. `most_seconds` is the lag that is borne.
    """

    written: Callable[[], int]
    replayed: Callable[[], int | None]
    most_seconds: float
    clock: Callable[[], float] = time.monotonic
    problem: str = "It was not looked at yet."
    _noted: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=LONGEST_MEMORY))
    _next_look: float = float("-inf")
    _said: bool | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_fit(self) -> bool:
        """Tell whether pages may be read there now; looks at most once a second, in one thread at a time."""
        if self.clock() >= self._next_look and self._lock.acquire(blocking=False):
            try:
                self._next_look = self.clock() + LOOK_EVERY_SECONDS
                self._say(self._look())
            finally:
                self._lock.release()
        return not self.problem

    def lost(self) -> None:
        """Note that a read failed there: everything is read from the primary for a while."""
        self._next_look = self.clock() + LOST_SECONDS
        self._say("It does not answer.")

    def _look(self) -> str:
        began = self.clock()
        try:
            self._noted.append((began, self.written()))
        except SQLAlchemyError:
            log.debug("The primary does not answer; its replica is all there is")
        try:
            position = self.replayed()
        except SQLAlchemyError as error:
            self._next_look = self.clock() + LOST_SECONDS
            return f"It does not answer ({type(error).__name__})."
        if position is None:
            return "It is no replica."
        return self._lag_words(position)

    def _lag_words(self, position: int) -> str:
        newest = self._noted[-1][0] if self._noted else 0.0
        while len(self._noted) > 1 and self._noted[1][1] <= position:
            self._noted.popleft()
        if not self._noted:
            return ""
        seen_at, seen = self._noted[0]
        if seen > position:
            return "How far it lags is not known."
        lag = newest - seen_at
        return "" if lag <= self.most_seconds else f"It lags by {lag:.0f} s."

    def _say(self, problem: str) -> None:
        if self._said is not bool(problem):
            log.warning("The read replica is %s", f"not used: {problem}" if problem else "used for results")
        self.problem, self._said = problem, bool(problem)


def build_watch(most_seconds: float) -> Watch:
    """Return the watch over the running application's two servers."""

    def asking(role: str | None, question: object) -> Callable[[], int]:
        def ask() -> int:
            with db.engines[role].connect() as connection:
                return connection.scalar(question)  # type: ignore[call-overload,no-any-return]

        return ask

    return Watch(asking(None, _WRITTEN), asking(ROLE, _REPLAYED), most_seconds)


def trouble() -> str | None:
    """Return in words for the operator why the replica is not used; None when it is, or none is set."""
    if not platform().settings.db_replica_url:
        return None
    found = replica_watch()
    if found is None or found.is_fit():
        return None
    return f"Results are read from the primary, not from the replica. {found.problem}"
