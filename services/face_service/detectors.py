"""dlib's detectors, shared between threads so that no two use one object at the same time.

dlib's HOG detector keeps the picture's pyramid inside itself while it searches: two threads in one object get wrong
boxes, then the process crashes (dlib#340, dlib#1149). It gives the interpreter lock back while it works, so that two
objects search twice as much. A copy costs 3 ms and 0.1 MB, because it need not be unpacked again (0.3 s).
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from services.face_service.errors import Busy

WAIT_SECONDS = 5.0
DETECTORS = max(2, os.cpu_count() or 2)
"""More at a time than the machine has cores only take memory: each keeps the pyramid of its last picture."""


class Pool:
    """Up to `size` objects, made when first needed, each lent to one thread at a time. Threads share the pool."""

    def __init__(self, make: Callable[[], Any], size: int = DETECTORS) -> None:
        self._make = make
        self._missing = size
        self._lock = threading.Lock()
        # Last in, first out: a process whose threads take turns keeps to one object and one pyramid.
        self._free: queue.LifoQueue[Any] = queue.LifoQueue()

    @contextmanager
    def one(self) -> Iterator[Any]:
        """Lend an object; raises Busy when all are lent for 5 seconds."""
        item = self._take()
        try:
            yield item
        finally:
            self._free.put(item)

    def _take(self) -> Any:
        with self._lock:
            if self._free.empty() and self._missing:
                item = self._make()
                self._missing -= 1
                return item
        try:
            return self._free.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            raise Busy() from None
