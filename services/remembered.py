"""Figures of a large election, kept for some seconds: a count over a million rows on every page would slow the cast.

Kept is a figure over LARGE rows or more, for TIMES as long as the count took and MOST_SECONDS at most, so that counting
takes one part in TIMES of the database's time in each web process. Smaller figures are counted each time. What decides
anything (a cast, a sealing, a tie) is never read from here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

LARGE = 20_000
"""Rows; up to here a count takes some milliseconds."""
TIMES = 20
MOST_SECONDS = 60.0
MOST_KEYS = 200

T = TypeVar("T")


class Remembered(Generic[T]):
    """The last figure by key; `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[Hashable, tuple[float, T]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, count: Callable[[], T], rows: Callable[[T], int]) -> T:
        """Return the figure of `key`, counted now unless it is kept; `rows` tells over how many rows it goes."""
        began = self._clock()
        with self._lock:
            until, kept = self._kept.get(key, (began, None))
        if kept is not None and began < until:
            return kept
        figure = count()
        now = self._clock()
        if rows(figure) >= LARGE:
            with self._lock:
                if len(self._kept) >= MOST_KEYS:
                    self._kept.clear()
                self._kept[key] = now + min(MOST_SECONDS, TIMES * (now - began)), figure
        return figure
