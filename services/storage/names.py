"""How stored files are named, and what both kinds of store have to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from services.errors import NotFound

PUBLIC = "public"
FACES = "faces"
FRAUD_ATTEMPTS = "fraud_attempts"
IMPORTS = "imports"
FOLDERS = (PUBLIC, FACES, FRAUD_ATTEMPTS, IMPORTS)
PATH = re.compile(rf"({'|'.join(FOLDERS)})/[0-9a-f]{{2}}/[0-9a-f]{{32,64}}\.(jpg|png|enc)")
CHUNK = 256 * 1024
"""Bytes that are read or written at once where a file is not held in memory as a whole."""


@dataclass(frozen=True)
class StoredFile:
    """A file as it lies in storage: its path, its bytes, and when it was last written or asked for again.

    What a broken write left behind is listed too; `delete_older` takes its path, `read` does not.
    """

    path: str
    size: int
    written_at: datetime


class Store(Protocol):
    """Where files lie, as they are: `LocalDisk` or `S3Bucket`. A path is an opaque name such as `faces/ab/ab12….enc`.

    Paths are checked by the caller. Whatever does not answer raises StorageAway, want of room DiskFull; what was
    written then is there as a whole or not at all.
    """

    def put(self, path: str, content: BinaryIO, over: bool = False) -> None:
        """Keep a file. One that lies there becomes young again; its bytes change only when `over` says so."""

    def get(self, path: str) -> bytes:
        """Return the whole file; raises NotFound."""

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Give the file to read piece by piece; raises NotFound."""

    def change(self, path: str, work: Callable[[bytes], bytes | None]) -> bool:
        """Replace the bytes by what `work` makes of them; None, or a file that is removed meanwhile, changes nothing.

        Tell whether the file was changed. Raises NotFound, and what `work` raises.
        """

    def delete(self, path: str) -> None:
        """Remove a file; one that is gone already is no error."""

    def delete_older(self, file: StoredFile) -> bool:
        """Remove a listed file unless it was written or asked for again since it was listed; tell whether it went."""

    def find(self, path: str) -> StoredFile | None:
        """Return the file as it lies there now, None when it is gone."""

    def files(self, folder: str) -> Iterator[StoredFile]:
        """Yield every file of one of FOLDERS, those of broken writes too."""

    def free_bytes(self) -> int | None:
        """Return the room left, None where no end is known."""

    def link(self, path: str) -> str | None:
        """Return an address, good for a short while, at which a browser gets this file; None: through us only."""

    @property
    def origin(self) -> str | None:
        """The scheme and host that `link` leads to, for a browser that has to allow it; None when it leads nowhere."""

    def trouble(self) -> str | None:
        """Return in words for the operator why nothing can be stored now, None when all is well."""


def checked(path: str) -> str:
    """Return the path; raises NotFound for anything but the name of a stored file."""
    if not PATH.fullmatch(path):
        raise NotFound()
    return path
