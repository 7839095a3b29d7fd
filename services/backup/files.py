"""Stored files in and out: one tar of them as they lie, private ones encrypted already."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import select

from models import db
from services import storage
from services.context import platform
from services.errors import Conflict, DomainError, FileDamaged, NotFound
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


def unpack(source: Any, expected: Mapping[str, int], done: Done) -> int:
    """Put the files of a tar stream into storage and return how many; only files with names of stored ones are taken.

    `expected` holds the `count` and `bytes` that were signed. Raises Conflict for more bytes, before they are written,
    and for a stream that is no tar.
    """
    try:
        with tarfile.open(fileobj=source, mode="r|") as tar:
            return _put_all(tar, expected, done)
    except tarfile.TarError as error:
        raise Conflict(_("The files of this backup cannot be read: %(why)s", why=error)) from error


def _put_all(tar: tarfile.TarFile, expected: Mapping[str, int], done: Done) -> int:
    count = size = 0
    for entry in tar:
        if not entry.isreg() or not storage.PATH.fullmatch(entry.name):
            continue
        # What it unpacks to: a sparse file of some bytes may stand for a terabyte.
        size += entry.size
        if size > expected["bytes"]:
            raise Conflict(_("This backup holds files that are larger than its manifest says. Take another backup."))
        platform().storage.store.put(entry.name, cast(Any, tar.extractfile(entry)), over=True)
        count += 1
        done(count, expected["count"])
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
