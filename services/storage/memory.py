"""Public pictures of a bucket held in memory: a ballot is shown at once, also while the bucket is away."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from services.errors import StorageAway

FRESH_SECONDS = 600.0
"""As long a picture that was removed may still be shown; after it the bucket is asked again."""
MOST_BYTES = 16 * 1024 * 1024
"""Some three hundred portraits of 512 px, for each process."""


class PictureMemory:
    """Contents by path, those asked for longest ago are dropped first. Only what was checked may come in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._bytes = 0

    def read(self, path: str, fetch: Callable[[], bytes]) -> bytes:
        """Return the content, by `fetch` where it is not held or not fresh; an old one when that raises StorageAway."""
        with self._lock:
            content, at = self._held.get(path, (None, 0.0))
        if content is not None and time.monotonic() - at < FRESH_SECONDS:
            return content
        try:
            fetched = fetch()
        except StorageAway:
            if content is None:
                raise
            fetched = content
        self._hold(path, fetched)
        return fetched

    def forget(self, path: str) -> None:
        """Drop a picture that was removed."""
        with self._lock:
            self._drop(path)

    def _hold(self, path: str, content: bytes) -> None:
        with self._lock:
            self._drop(path)
            self._held[path] = (content, time.monotonic())
            self._bytes += len(content)
            while self._bytes > MOST_BYTES:
                self._drop(next(iter(self._held)))

    def _drop(self, path: str) -> None:
        content, _at = self._held.pop(path, (b"", 0.0))
        self._bytes -= len(content)
