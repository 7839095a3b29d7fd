"""The one interface to stored files: public pictures by content, private ones encrypted, wherever they lie."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from cryptography.fernet import InvalidToken

from services.errors import FileDamaged
from services.security import FieldCipher
from services.storage.local import LocalDisk
from services.storage.memory import PictureMemory
from services.storage.names import FOLDERS, PUBLIC, Store, StoredFile, checked


class Storage:
    """Files of an installation over a store; every path is checked here, everything private encrypted here.

    All methods raise StorageAway (503) while the store does not answer.
    """

    def __init__(self, store: Store, cipher: FieldCipher, memory: PictureMemory | None = None) -> None:
        """`memory` holds public pictures of a store that is far away."""
        self.store = store
        self._cipher = cipher
        self._memory = memory

    def save_public(self, content: bytes, suffix: str) -> str:
        """Keep a public picture under its SHA-256, so that its path binds its content; return the path."""
        digest = hashlib.sha256(content).hexdigest()
        path = checked(f"{PUBLIC}/{digest[:2]}/{digest}.{suffix}")
        self.store.put(path, BytesIO(content))
        return path

    def save_private(self, folder: str, content: bytes) -> str:
        """Encrypt a file into one of the private folders; return the path."""
        name = secrets.token_hex(16)
        path = checked(f"{folder}/{name[:2]}/{name}.enc")
        self.store.put(path, BytesIO(self._cipher.encrypt(content)))
        return path

    def read(self, path: str) -> bytes:
        """Return the content in clear; raises NotFound, and FileDamaged for what is not what was stored."""
        checked(path)
        if self._memory is None or not path.startswith(f"{PUBLIC}/"):
            return self._fetch(path)
        return self._memory.read(path, lambda: self._fetch(path))

    def _fetch(self, path: str) -> bytes:
        return self.opened(path, self.store.get(path))

    def opened(self, path: str, stored: bytes) -> bytes:
        """Return in clear what was read from a store under this path; raises FileDamaged."""
        if path.endswith(".enc"):
            return self._decrypted(path, stored)
        if hashlib.sha256(stored).hexdigest() != Path(path).stem:
            raise FileDamaged(path)
        return stored

    def stream(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Give the file as it lies there, private ones encrypted, to read piece by piece; raises NotFound."""
        return self.store.open(checked(path))

    def delete(self, path: str) -> None:
        """Remove a file; one that is gone already is no error."""
        self.store.delete(checked(path))
        if self._memory is not None:
            self._memory.forget(path)

    def find(self, path: str) -> StoredFile | None:
        """Return the file as it lies there now, None when it is gone."""
        return self.store.find(checked(path))

    def files(self, *folders: str) -> Iterator[StoredFile]:
        """Yield every file of these folders, of all where none is named; those of broken writes too."""
        for folder in folders or FOLDERS:
            yield from self.store.files(folder)

    def delete_older(self, file: StoredFile) -> bool:
        """Remove a listed file unless it was written or asked for again since it was listed; tell whether it went."""
        gone = self.store.delete_older(file)
        if gone and self._memory is not None:
            self._memory.forget(file.path)
        return gone

    def renew(self, path: str) -> bool:
        """Encrypt a private file anew with the newest key; tell whether that was needed. Raises like `read`.

        A file that is removed meanwhile stays removed.
        """
        try:
            return self.store.change(checked(path), self._cipher.renewed)
        except InvalidToken as error:
            raise FileDamaged(path) from error

    def free_bytes(self) -> int | None:
        """Return the room left where the pictures lie, None where no end is known."""
        return self.store.free_bytes()

    def public_link(self, path: str) -> str | None:
        """Return an address outside at which a browser gets a public picture for a short while; None: from us only."""
        return self.store.link(checked(path)) if path.startswith(f"{PUBLIC}/") else None

    @property
    def origin(self) -> str | None:
        """The scheme and host that public links lead to; None when there are none."""
        return self.store.origin

    def trouble(self) -> str | None:
        """Return in words for the operator why nothing can be stored now, None when all is well."""
        return self.store.trouble()

    def _decrypted(self, path: str, content: bytes) -> bytes:
        try:
            return self._cipher.decrypt(content)
        except InvalidToken as error:
            raise FileDamaged(path) from error


class LocalStorage(Storage):
    """Files on this machine's disk, below `root`."""

    def __init__(self, root: Path, cipher: FieldCipher) -> None:
        super().__init__(LocalDisk(root), cipher)
        self.root = root
