"""Files: public pictures by content, private pictures encrypted. The only writer of `uploads/`."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cryptography.fernet import InvalidToken

from services.errors import DiskFull, FileDamaged, NotFound
from services.private_file import alone
from services.security import FieldCipher

PUBLIC = "public"
FACES = "faces"
FRAUD_ATTEMPTS = "fraud_attempts"
IMPORTS = "imports"
FOLDERS = (PUBLIC, FACES, FRAUD_ATTEMPTS, IMPORTS)
PATH = re.compile(r"(public|faces|fraud_attempts|imports)/[0-9a-f]{2}/[0-9a-f]{32,64}\.(jpg|png|enc)")
_PART = ".part"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class StoredFile:
    """A file as it lies in storage: its path, its bytes, and when it was last written or asked for again.

    What a broken write left behind is listed too; `delete_older` takes its path, `read` does not.
    """

    path: str
    size: int
    written_at: datetime


class Storage(Protocol):
    """Where pictures are kept; a path is an opaque name such as `faces/ab/ab12….enc`."""

    def save_public(self, content: bytes, suffix: str) -> str: ...

    def save_private(self, folder: str, content: bytes) -> str: ...

    def read(self, path: str) -> bytes: ...

    def delete(self, path: str) -> None: ...

    def find(self, path: str) -> StoredFile | None: ...

    def files(self) -> Iterator[StoredFile]: ...

    def size(self, path: str) -> int: ...

    def delete_older(self, file: StoredFile) -> bool: ...

    def renew(self, path: str) -> bool: ...

    def free_bytes(self) -> int: ...


class LocalStorage:
    """Files on this machine's disk."""

    def __init__(self, root: Path, cipher: FieldCipher) -> None:
        self.root = root
        self._cipher = cipher

    def save_public(self, content: bytes, suffix: str) -> str:
        """Keep a public picture under its SHA-256, so that its path binds its content; return the path."""
        digest = hashlib.sha256(content).hexdigest()
        return self._write(f"{PUBLIC}/{digest[:2]}/{digest}.{suffix}", content)

    def save_private(self, folder: str, content: bytes) -> str:
        """Encrypt a file into `faces`, `fraud_attempts` or `imports`; return the path."""
        name = secrets.token_hex(16)
        return self._write(f"{folder}/{name[:2]}/{name}.enc", self._cipher.encrypt(content))

    def read(self, path: str) -> bytes:
        """Return the content in clear; raises NotFound, and FileDamaged for what is not what was stored."""
        try:
            content = self._locate(path).read_bytes()
        except OSError as error:
            raise NotFound() from error
        if path.endswith(".enc"):
            return self._decrypted(path, content)
        if hashlib.sha256(content).hexdigest() != Path(path).stem:
            raise FileDamaged(path)
        return content

    def _decrypted(self, path: str, content: bytes) -> bytes:
        try:
            return self._cipher.decrypt(content)
        except InvalidToken as error:
            raise FileDamaged(path) from error

    def delete(self, path: str) -> None:
        """Remove a file; one that is gone already is no error."""
        target = self._locate(path)
        if self.root.exists():
            with alone(self.root):
                target.unlink(missing_ok=True)

    def find(self, path: str) -> StoredFile | None:
        """Return the file as it lies there now, None when it is gone."""
        return self._state(self._locate(path))

    def files(self) -> Iterator[StoredFile]:
        """Yield every file there is, those of broken writes too."""
        for folder in FOLDERS:
            for found in sorted((self.root / folder).glob("*/*")):
                if state := self._state(found):
                    yield state

    def _state(self, found: Path) -> StoredFile | None:
        try:
            state = found.stat()
        except FileNotFoundError:
            return None
        path = found.relative_to(self.root).as_posix()
        return StoredFile(path, state.st_size, datetime.fromtimestamp(state.st_mtime, UTC))

    def size(self, path: str) -> int:
        """Return the bytes that a file takes on the disk, 0 when it is gone."""
        try:
            return self._locate(path).stat().st_size
        except OSError:
            return 0

    def delete_older(self, file: StoredFile) -> bool:
        """Remove a listed file unless it was written or asked for again since it was listed; tell whether it went."""
        target = self.root / file.path
        try:
            if datetime.fromtimestamp(target.stat().st_mtime, UTC) > file.written_at:
                return False
            with alone(self.root):
                target.unlink()
        except FileNotFoundError:
            return False
        return True

    def renew(self, path: str) -> bool:
        """Encrypt a private file anew with the newest key; tell whether that was needed. Raises like `read`.

        A file that is removed meanwhile stays removed.
        """
        target = self._locate(path)
        try:
            content = self._cipher.renewed(target.read_bytes())
        except OSError as error:
            raise NotFound() from error
        except InvalidToken as error:
            raise FileDamaged(path) from error
        if content is None:
            return False
        with alone(self.root):
            state = target.stat() if target.exists() else None
            if state is not None:
                self._write_new(target, content)
                os.utime(target, ns=(state.st_atime_ns, state.st_mtime_ns))
        return state is not None

    def free_bytes(self) -> int:
        """Return the room left where the pictures lie."""
        there = self.root
        while not there.exists():
            there = there.parent
        return shutil.disk_usage(there).free

    def _write(self, path: str, content: bytes) -> str:
        target = self._locate(path)
        try:
            if target.exists():
                # Young again: the sweep of files without a row must not take it before its new row is there.
                os.utime(target)
                return path
            self._write_new(target, content)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise DiskFull() from error
            raise
        return path

    @staticmethod
    def _write_new(target: Path, content: bytes) -> None:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = target.with_suffix(f".{secrets.token_hex(4)}{_PART}")
        try:
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(target)
        except OSError:
            partial.unlink(missing_ok=True)
            raise

    def _locate(self, path: str) -> Path:
        if not PATH.fullmatch(path):
            raise NotFound()
        return self.root / path
