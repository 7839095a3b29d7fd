"""A small file that another process may put a new version in place of."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class WatchedFile(Generic[T]):
    """What a file says, read again when another one lies in its place; one that is lost says what it said last."""

    def __init__(self, path: Path, read: Callable[[], T]) -> None:
        """Read it for the first time; raises OSError when it cannot be read."""
        self._path, self._read = path, read
        self._seen = self._mark(), read()

    @property
    def content(self) -> T:
        try:
            mark = self._mark()
            if mark != self._seen[0]:
                self._seen = mark, self._read()
        except OSError:
            pass  # The health check reports it; what was read goes on.
        return self._seen[1]

    def _mark(self) -> tuple[int, int]:
        state = os.stat(self._path)
        return state.st_ino, state.st_mtime_ns
