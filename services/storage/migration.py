"""From one store to the other while the application runs: every file is compared before it counts.

Nothing is noted anywhere: what is there is looked at again. So it may be stopped at any moment and run again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, BinaryIO, cast

from services.errors import FileDamaged, NotFound
from services.storage.files import Storage
from services.storage.names import CHUNK, PATH, StoredFile

THREADS = 8
"""A bucket takes some hundredths of a second for a file, mostly of waiting."""


class Fate(Enum):
    """What became of one file: copied now, there before, removed at its source meanwhile, or not the same."""

    COPIED = "copied"
    THERE = "there"
    GONE = "gone"
    UNLIKE = "unlike"


@dataclass
class Moved:
    """How many files met which fate, how many bytes were copied, and how many sources were removed afterwards."""

    fates: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))
    copied_bytes: int = 0
    unlike: list[str] = field(default_factory=list)
    removed: int = 0

    @property
    def verified(self) -> int:
        """Files that lie in the target with the same SHA-256 as in the source, or with the same content in clear."""
        return self.fates[Fate.COPIED] + self.fates[Fate.THERE]


def movable(source: Storage) -> list[StoredFile]:
    """Return the files to move; what a broken write left behind is none."""
    return [file for file in source.files() if PATH.fullmatch(file.path)]


def migrate(
    source: Storage,
    target: Storage,
    files: list[StoredFile],
    progress: Callable[[Moved, StoredFile], None] = lambda moved, file: None,
    delete_source: bool = False,
) -> Moved:
    """Copy these files, some at a time, and compare each by size and SHA-256 before it counts.

    A file that lies in the target already is compared and not copied. With `delete_source` the files of the source go
    at the end, when every one was found the same; one that was written meanwhile stays. Raises StorageAway and
    DiskFull: what was copied until then is there.
    """
    moved = Moved()
    sizes = {file.path: file.size for file in target.files()}
    for file, fate in _each(files, lambda file: _move(source, target, file, sizes.get(file.path))):
        moved.fates[fate] += 1
        moved.copied_bytes += file.size if fate is Fate.COPIED else 0
        if fate is Fate.UNLIKE:
            moved.unlike.append(file.path)
        progress(moved, file)
    if delete_source and not moved.unlike:
        moved.removed = sum(gone for _file, gone in _each(files, source.delete_older))
    return moved


def _each(files: list[StoredFile], work: Callable[[StoredFile], Any]) -> Iterator[tuple[StoredFile, Any]]:
    """Do the work on several files at once; after a failure nothing more is begun."""
    with ThreadPoolExecutor(THREADS) as pool, closing(cast(Any, pool.map(work, files))) as done:
        yield from zip(files, done, strict=True)


def _move(source: Storage, target: Storage, file: StoredFile, there: int | None) -> Fate:
    try:
        if there is not None and _is_same(source, target, file, there):
            return Fate.THERE
        with source.stream(file.path) as stream:
            counting = _Hashing(stream)
            target.store.put(file.path, cast(BinaryIO, counting), over=True)
        return Fate.COPIED if _digest(target, file.path) == counting.digest() else Fate.UNLIKE
    except NotFound:
        return Fate.GONE


def _is_same(source: Storage, target: Storage, file: StoredFile, size: int) -> bool:
    """Tell whether the target's file may stay: its bytes are the same, or it is the better one of two that differ."""
    if size == file.size and _digest(source, file.path) == _digest(target, file.path):
        return True
    # Encrypted anew in one of the two: the same content in other bytes. What cannot be read there is replaced.
    here, there = _clear(source, file.path), _clear(target, file.path)
    return there is not None and here in (None, there)


def _digest(storage: Storage, path: str) -> tuple[int, str]:
    with storage.stream(path) as stream:
        hashing = _Hashing(stream)
        while hashing.read(CHUNK):
            pass
    return hashing.digest()


def _clear(storage: Storage, path: str) -> bytes | None:
    with storage.stream(path) as stream:
        stored = stream.read()
    try:
        return storage.opened(path, stored)
    except FileDamaged:
        return None


class _Hashing:
    """A stream that remembers what went through it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._sha256, self._size = stream, hashlib.sha256(), 0

    def read(self, amount: int = -1) -> bytes:
        piece = self._stream.read(amount)
        self._sha256.update(piece)
        self._size += len(piece)
        return piece

    def digest(self) -> tuple[int, str]:
        return self._size, self._sha256.hexdigest()
