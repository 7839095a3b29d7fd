"""Stored files in and out: one tar of them as they lie, private ones encrypted already."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, cast

from sqlalchemy import select

from models import db
from services import storage
from services.context import platform
from services.errors import DomainError, FileDamaged, NotFound
from services.storage import StoredFile

Done = Callable[[int, int], None]


def stored() -> list[StoredFile]:
    """Return all files there are now, without those that broken writes left behind."""
    return storage.movable(platform().storage)


def pack(files: list[StoredFile], into: Any, done: Done) -> dict[str, int]:
    """Write the files as a tar stream and return how many and how many bytes; one removed meanwhile is left out."""
    count = size = 0
    with tarfile.open(fileobj=into, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for number, file in enumerate(files, start=1):
            with suppress(NotFound):
                # A picture of some 100 kB, an import of some MB; whole, because its size goes before it.
                with platform().storage.stream(file.path) as stream:
                    content = stream.read()
                entry = tarfile.TarInfo(file.path)
                entry.size, entry.mtime = len(content), int(file.written_at.timestamp())
                tar.addfile(entry, io.BytesIO(content))
                count, size = count + 1, size + len(content)
            done(number, len(files))
    return {"count": count, "bytes": size}


def unpack(source: Any, expected: int, done: Done) -> int:
    """Put the files of a tar stream into storage and return how many; only names of stored files are taken."""
    store, count = platform().storage.store, 0
    with tarfile.open(fileobj=source, mode="r|") as tar:
        for entry in tar:
            content = tar.extractfile(entry)
            if content is None or not storage.PATH.fullmatch(entry.name):
                continue
            store.put(entry.name, cast(Any, content), over=True)
            count += 1
            done(count, expected)
    return count


def named_by_rows() -> Iterator[str]:
    """Yield every path that a row names."""
    for table in db.metadata.tables.values():
        for column in table.columns:
            if column.name.endswith("_path"):
                yield from db.session.scalars(select(column).where(column.is_not(None)).distinct())


def missing(there: set[str]) -> list[str]:
    """Return the paths that rows name and that are not among these."""
    return sorted(set(named_by_rows()) - there)


def unreadable(done: Done) -> list[str]:
    """Open every stored file and return the paths of those that are not what was stored."""
    files, found = stored(), []
    for number, file in enumerate(files, start=1):
        try:
            platform().storage.read(file.path)
        except FileDamaged as error:
            found.append(error.path)
        except DomainError as error:
            found.append(f"{file.path} ({error.message})")
        done(number, len(files))
    return found
