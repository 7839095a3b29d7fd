"""The mean face of every enrolled voter in one matrix in memory, searched as a whole: who is near this face?

100,000 voters take 52 MB, and up to twice that while the matrix has room to grow. A search is one product of a matrix
with a vector (benchmarks/duplicate_search.py).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.face_service.engine import Encoding
from services.face_service.quality import is_usable

LENGTH = 128
FIRST_ROOM = 1024
SLACK = 0.01
"""Single precision errs by far less; what lies so close to the bar is measured again in double precision."""
IDLE_SECONDS = 600.0
"""After so long without a search the matrix is wiped: no encoding outlives its voter's row in memory for longer."""


@dataclass(frozen=True)
class Near:
    """A voter (row id) whose mean face is this near; the distance is Euclidean."""

    voter_id: int
    distance: float


class Gallery:
    """Encodings by voter; safe to share between threads. `count` and `version_sum` say what it holds."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self.lock = threading.RLock()
        self._idle_seconds = idle_seconds
        self._timer: threading.Timer | None = None
        self.clear()

    def clear(self) -> None:
        """Forget and overwrite everything."""
        with self.lock:
            if hasattr(self, "_matrix"):
                self._matrix.fill(0)
            self._matrix: NDArray[np.float32] = np.zeros((FIRST_ROOM, LENGTH), dtype=np.float32)
            self._squares: NDArray[np.float32] = np.zeros(FIRST_ROOM, dtype=np.float32)
            self._ids: NDArray[np.int64] = np.zeros(FIRST_ROOM, dtype=np.int64)
            self._places: dict[int, int] = {}
            self._versions: dict[int, int] = {}
            self.newest, self.version_sum = 0, 0

    @property
    def count(self) -> int:
        return len(self._places)

    @property
    def memory(self) -> int:
        """Return the bytes of the arrays."""
        return self._matrix.nbytes + self._squares.nbytes + self._ids.nbytes

    @property
    def versions(self) -> dict[int, int]:
        """Return the version that is held of each voter."""
        return self._versions

    def put(self, voter_id: int, version: int, encoding: Encoding | None) -> None:
        """Hold this version of a voter's mean; None stands for one that cannot be read and is near nobody."""
        with self.lock:
            place = self._places.setdefault(voter_id, len(self._places))
            if place == len(self._ids):
                self._grow()
            usable = encoding is not None and is_usable(encoding)
            self._matrix[place] = encoding if usable else 0
            self._squares[place] = np.dot(self._matrix[place], self._matrix[place]) if usable else np.inf
            self._ids[place] = voter_id
            self.version_sum += version - self._versions.get(voter_id, 0)
            self._versions[voter_id] = version
            self.newest = max(self.newest, version)

    def drop(self, voter_id: int) -> None:
        """Forget a voter; the last row takes the place, so that nothing of the encoding stays."""
        with self.lock:
            place = self._places.pop(voter_id, None)
            if place is None:
                return
            last = len(self._places)
            if place != last:
                moved = int(self._ids[last])
                self._matrix[place], self._squares[place] = self._matrix[last], self._squares[last]
                self._ids[place], self._places[moved] = moved, place
            self._matrix[last], self._squares[last], self._ids[last] = 0, 0, 0
            self.version_sum -= self._versions.pop(voter_id)

    def nearest(self, probe: Encoding, threshold: float, limit: int, besides: int | None = None) -> list[Near]:
        """Return at most `limit` voters within `threshold`, the nearest first, without the voter `besides`."""
        with self.lock:
            self._keep_awake()
            count = self.count
            if not count or not is_usable(probe):
                return []
            wanted = np.asarray(probe, dtype=np.float32)
            squares = self._squares[:count] - 2 * (self._matrix[:count] @ wanted) + np.dot(wanted, wanted)
            close = np.flatnonzero(squares <= (threshold + SLACK) ** 2)
            exact = np.linalg.norm(self._matrix[close].astype(np.float64) - wanted.astype(np.float64), axis=1)
            pairs = zip(self._ids[close].tolist(), exact.tolist(), strict=True)
        found = [Near(voter, value) for voter, value in pairs if value <= threshold and voter != besides]
        return sorted(found, key=lambda near: near.distance)[:limit]

    def holds(self, encoding: Encoding) -> bool:
        """Tell whether the matrix holds exactly these numbers anywhere, in use or not."""
        return bool((self._matrix == np.asarray(encoding, dtype=np.float32)).all(axis=1).any())

    def _grow(self) -> None:
        def doubled(old: NDArray[Any]) -> NDArray[Any]:
            fresh = np.zeros((2 * len(old), *old.shape[1:]), dtype=old.dtype)
            fresh[: len(old)] = old
            old.fill(0)
            return fresh

        self._matrix, self._squares, self._ids = doubled(self._matrix), doubled(self._squares), doubled(self._ids)

    def _keep_awake(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(self._idle_seconds, self.clear)
        self._timer.daemon = True
        self._timer.start()
