"""Files on this machine's disk. The only writer of `uploads/`."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from services.errors import DiskFull, NotFound
from services.private_file import alone
from services.storage.names import CHUNK, StoredFile

_PART = ".part"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class LocalDisk:
    """A folder; a file is written beside its place and moved there when it is complete."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: str, content: BinaryIO, over: bool = False) -> None:
        """Keep a file; see Store.put."""
        target = self.root / path
        try:
            if target.exists() and not over:
                # Young again: the sweep of files without a row must not take it before its new row is there.
                os.utime(target)
                return
            self._write_new(target, content)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise DiskFull() from error
            raise

    def get(self, path: str) -> bytes:
        """Return the whole file; raises NotFound."""
        with self.open(path) as file:
            return file.read()

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """Give the file to read piece by piece; raises NotFound."""
        try:
            file = (self.root / path).open("rb")
        except OSError as error:
            raise NotFound() from error
        with file:
            yield file

    def change(self, path: str, work: Callable[[bytes], bytes | None]) -> bool:
        """Replace the bytes by what `work` makes of them; see Store.change."""
        target = self.root / path
        content = work(self.get(path))
        if content is None:
            return False
        with alone(self.root):
            state = target.stat() if target.exists() else None
            if state is not None:
                self._write_new(target, BytesIO(content))
                os.utime(target, ns=(state.st_atime_ns, state.st_mtime_ns))
        return state is not None

    def delete(self, path: str) -> None:
        """Remove a file; one that is gone already is no error."""
        if self.root.exists():
            with alone(self.root):
                (self.root / path).unlink(missing_ok=True)

    def delete_older(self, file: StoredFile) -> bool:
        """Remove a listed file unless it was written since; tell whether it went."""
        target = self.root / file.path
        try:
            if datetime.fromtimestamp(target.stat().st_mtime, UTC) > file.written_at:
                return False
            with alone(self.root):
                target.unlink()
        except FileNotFoundError:
            return False
        return True

    def find(self, path: str) -> StoredFile | None:
        """Return the file as it lies there now, None when it is gone."""
        try:
            state = (self.root / path).stat()
        except FileNotFoundError:
            return None
        return StoredFile(path, state.st_size, datetime.fromtimestamp(state.st_mtime, UTC))

    def files(self, folder: str) -> Iterator[StoredFile]:
        """Yield every file of a folder, those of broken writes too."""
        for found in sorted((self.root / folder).glob("*/*")):
            if state := self.find(found.relative_to(self.root).as_posix()):
                yield state

    def free_bytes(self) -> int:
        """Return the room left on the disk of the folder."""
        return shutil.disk_usage(self._there()).free

    def link(self, path: str) -> None:
        """Return None: a browser gets these files from us."""
        return None

    @property
    def origin(self) -> None:
        """None: no browser is sent elsewhere."""
        return None

    def trouble(self) -> str | None:
        """Return in words why nothing can be stored now, None when all is well."""
        if os.access(self._there(), os.W_OK):
            return None
        return f"The folder of the pictures, {self.root}, cannot be written to."

    def _there(self) -> Path:
        there = self.root
        while not there.exists():
            there = there.parent
        return there

    @staticmethod
    def _write_new(target: Path, content: BinaryIO) -> None:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = target.with_suffix(f".{secrets.token_hex(4)}{_PART}")
        try:
            with partial.open("wb") as file:
                shutil.copyfileobj(content, file, CHUNK)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
