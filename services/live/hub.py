"""The hub of one process: who watches which election, and the snapshot that all of them share.

A thread counts a watched election anew when something changed, at most once a second, and otherwise every five
seconds. A count that takes long is followed by a pause four times as long, so that pages never take more than a fifth
of the database's time away from voters.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from services import metrics
from services.database_errors import DatabaseError
from services.live.line import Line
from services.live.redis_line import RedisLine

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
REFRESH_SECONDS = 5.0
PAUSE_FACTOR = 4.0
Key = tuple[str, int]
"""The kind of page, and the election it shows."""


class TooManyStreams(Exception):
    """All streams of this process are taken."""


@dataclass
class _Topic:
    """The snapshot of one key; `version` grows with each, `made_at` and `took` are seconds of the monotonic clock."""

    body: str = ""
    version: int = 0
    made_at: float = float("-inf")
    took: float = 0.0
    dirty: bool = True
    readers: int = 0
    making: threading.Lock = field(default_factory=threading.Lock)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def is_due(self, now: float) -> bool:
        pause = max(TICK_SECONDS if self.dirty else REFRESH_SECONDS, PAUSE_FACTOR * self.took)
        return self.readers > 0 and now - self.made_at >= pause


class Stream:
    """One open page's view of a topic. `close()` may be called twice."""

    def __init__(self, hub: Hub, topic: _Topic) -> None:
        self._hub, self._topic, self._seen, self._open = hub, topic, 0, True

    def next(self, seconds: float) -> str | None:
        """Return the snapshot that came since the last call, waiting at most `seconds` for it; None when none did."""
        topic = self._topic
        with topic.changed:
            topic.changed.wait_for(lambda: topic.version != self._seen or self._hub.is_over, seconds)
            if topic.version == self._seen:
                return None
            self._seen = topic.version
            return topic.body

    def close(self) -> None:
        """Give the place free."""
        if self._open:
            self._open = False
            self._hub.leave(self._topic)


class Hub:
    """Build one a process. `make` counts: it takes a key and returns the body of the snapshot, from any thread.

    Without `allow()` there is no stream: each holds a thread, and only the server knows how many it has. Without
    `runs` there is no thread here, as in tests.
    """

    def __init__(self, line: Line | RedisLine, make: Callable[[Key], str], runs: bool = True) -> None:
        self._line, self._make, self.runs = line, make, runs
        self._most = 0
        self._topics: dict[Key, _Topic] = {}
        self._changes: set[tuple[int, str]] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._ends: Callable[[], bool] = lambda: False

    @property
    def is_over(self) -> bool:
        """Tell whether this process ends, so that streams must."""
        return self._stopped.is_set() or self._ends()

    @property
    def readers(self) -> int:
        """Return the number of open streams."""
        return sum(topic.readers for topic in self._topics.values())

    def allow(self, streams: int, ends: Callable[[], bool] = lambda: False) -> None:
        """Allow so many open streams; all of them end once `ends()` is true: the server is told to stop."""
        self._most, self._ends = streams, ends

    def touched(self, election_id: int, topic: str) -> None:
        """Note a committed change; other processes hear of it within a second."""
        with self._lock:
            self._changes.add((election_id, topic))
        self._start()

    def enter(self, key: Key, share: float = 1.0) -> Stream:
        """Open a stream, as long as at most `share` of all places are taken; raises TooManyStreams."""
        with self._lock:
            if self.readers >= self._most * share:
                metrics.count(metrics.Event.REFUSED_STREAM)
                raise TooManyStreams
            topic = self._topics.setdefault(key, _Topic())
            topic.readers += 1
        metrics.streams_changed(1)
        self._start()
        return Stream(self, topic)

    def leave(self, topic: _Topic) -> None:
        """Close a stream."""
        with self._lock:
            topic.readers -= 1
        metrics.streams_changed(-1)

    def current(self, key: Key) -> str:
        """Return the snapshot, counted in the last second or now; for the first event, and for pages that poll."""
        with self._lock:
            topic = self._topics.setdefault(key, _Topic())
        with topic.making:
            if time.monotonic() - topic.made_at >= TICK_SECONDS:
                self._renew(key, topic)
            return topic.body

    def stop(self) -> None:
        """End all streams and the thread."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(2 * TICK_SECONDS)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and self.runs and not self._stopped.is_set():
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._stopped.is_set():
            with self._lock:
                changes, self._changes = self._changes, set()
            heard = self._line.exchange(changes, TICK_SECONDS)
            self._mark(heard | {election_id for election_id, _topic in changes})
            self._publish()
        self._line.close()

    def _mark(self, elections: set[int]) -> None:
        for (_kind, election_id), topic in list(self._topics.items()):
            topic.dirty = topic.dirty or election_id in elections

    def _publish(self) -> None:
        for key, topic in list(self._topics.items()):
            if topic.is_due(time.monotonic()):
                try:
                    with topic.making:
                        self._renew(key, topic)
                except DatabaseError as error:
                    topic.made_at = time.monotonic()
                    log.warning("The live page of %s %s could not be counted: %s", *key, type(error).__name__)
                except Exception:
                    topic.made_at = time.monotonic()
                    log.exception("The live page of %s %s could not be counted", *key)

    def _renew(self, key: Key, topic: _Topic) -> None:
        """Count anew and wake the streams; `topic.making` is held."""
        began, topic.dirty = time.monotonic(), False
        body = self._make(key)
        with topic.changed:
            topic.body, topic.version = body, topic.version + 1
            topic.made_at = time.monotonic()
            topic.took = topic.made_at - began
            topic.changed.notify_all()
