"""Files: public pictures by content, private pictures encrypted. The only writer of `uploads/`."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Protocol

from services.errors import NotFound
from services.security import FieldCipher

PUBLIC = "public"
FACES = "faces"
FRAUD_ATTEMPTS = "fraud_attempts"
_NAME = re.compile(r"(public|faces|fraud_attempts)/[0-9a-f]{2}/[0-9a-f]{32,64}\.(jpg|png|enc)")


class Storage(Protocol):
    """Where pictures are kept; a path is an opaque name such as `faces/ab/ab12….enc`."""

    def save_public(self, content: bytes, suffix: str) -> str: ...

    def save_private(self, folder: str, content: bytes) -> str: ...

    def read(self, path: str) -> bytes: ...

    def delete(self, path: str) -> None: ...


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
        """Encrypt a face picture into `faces` or `fraud_attempts`; return the path."""
        name = secrets.token_hex(16)
        return self._write(f"{folder}/{name[:2]}/{name}.enc", self._cipher.encrypt(content))

    def read(self, path: str) -> bytes:
        """Return the content in clear; raises NotFound."""
        try:
            content = self._locate(path).read_bytes()
        except OSError as error:
            raise NotFound() from error
        return self._cipher.decrypt(content) if path.endswith(".enc") else content

    def delete(self, path: str) -> None:
        """Remove a file; one that is gone already is no error."""
        self._locate(path).unlink(missing_ok=True)

    def _write(self, path: str, content: bytes) -> str:
        target = self._locate(path)
        if target.exists():
            return path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = target.with_suffix(f".{secrets.token_hex(4)}.part")
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
        return path

    def _locate(self, path: str) -> Path:
        if not _NAME.fullmatch(path):
            raise NotFound()
        return self.root / path
