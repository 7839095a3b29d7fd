"""Writing the ZIP of a pack: stored, in a fixed order, with fixed times and modes, in bounded memory."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from typing import BinaryIO

from services.evidence.verify import directory, local_header

LARGEST = 2**32 - 1
"""Bytes; above it a ZIP would need the 64-bit form, which packs do not use."""


class PackWriter:
    """One pack in the making; equal contents make equal bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._entries: list[tuple[str, int, int, int]] = []
        self._sums: list[str] = []

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Add a file; raises OverflowError when the pack becomes larger than `LARGEST`."""
        start = self._file.tell()
        self._file.write(local_header(name, 0, 0))
        crc, size, digest = 0, 0, hashlib.sha256()
        for chunk in chunks:
            self._file.write(chunk)
            crc, size = zlib.crc32(chunk, crc), size + len(chunk)
            digest.update(chunk)
        if self._file.tell() > LARGEST:
            raise OverflowError(f"The pack is larger than {LARGEST:,} bytes.")
        end = self._file.tell()
        self._file.seek(start)
        self._file.write(local_header(name, crc, size))
        self._file.seek(end)
        self._entries.append((name, crc, size, start))
        self._sums.append(f"{digest.hexdigest()}  {name}\n")

    def manifest(self) -> str:
        """Return the SHA-256 of each file so far, as `sha256sum` writes it."""
        return "".join(self._sums)

    def close(self) -> None:
        """Write the end of the ZIP."""
        self._file.write(directory(self._entries))
