"""Log files that several processes write at once: appended line by line, turned over by renaming, bounded in size.

Two processes that each rotate one file rename it under each other and lose lines. Here no writer rotates: one sweep
renames the file, and every writer, which looks before each line whether its file is still there, opens the new one.
What it wrote meanwhile lies in the renamed file.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO, TextIOWrapper
from logging import LogRecord
from logging.handlers import WatchedFileHandler
from pathlib import Path

BYTES_PER_MB = 1024 * 1024
FILE_BYTES = 5 * BYTES_PER_MB
FILES = 9
"""Older files kept of one name; LOG_MB may take some of them earlier."""
LOCK = "turn.lock"


class SharedFileHandler(WatchedFileHandler):
    """Appends every record with one system call: lines of several processes cannot tear each other apart."""

    def _open(self) -> TextIOWrapper:
        # Written through: no buffer in between may split a line in two.
        file = FileIO(self.baseFilename, "a", opener=_private)
        return TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", write_through=True)

    def emit(self, record: LogRecord) -> None:
        """Write one record; a full disk or a lost folder is reported on stderr and stops nobody."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)


def turn_over(folder: Path, limit_mb: int, file_bytes: int = FILE_BYTES) -> int:
    """Rename every log of at least `file_bytes` to `name.1`, older ones one further, and keep all within `limit_mb`.

    Safe while processes write, and while another process does the same. Returns how many files were renamed away or
    removed.
    """
    if not folder.is_dir():
        return 0
    with _alone(folder) as alone:
        if not alone:
            return 0
        full = [path for path in folder.glob("*.log") if path.stat().st_size >= file_bytes]
        for path in full:
            _push(path)
        return len(full) + _keep_within(folder, limit_mb * BYTES_PER_MB)


def _push(path: Path) -> None:
    """Make `path` the first of its older files; the last of them goes."""
    for number in range(FILES, 0, -1):
        source = path if number == 1 else path.with_name(f"{path.name}.{number - 1}")
        if source.exists():
            source.rename(path.with_name(f"{path.name}.{number}"))


def _keep_within(folder: Path, limit: int) -> int:
    """Remove the oldest of the older files until all logs together take at most `limit` bytes."""
    older = sorted(folder.glob("*.log.*"), key=lambda path: path.stat().st_mtime, reverse=True)
    room = limit - sum(path.stat().st_size for path in folder.glob("*.log"))
    removed = 0
    for path in older:
        room -= path.stat().st_size
        if room < 0:
            path.unlink()
            removed += 1
    return removed


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Give True to one process at a time."""
    with (folder / LOCK).open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
