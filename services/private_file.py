"""Files that only their owner may read, and folders that one process changes at a time."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask_babel import gettext as _

from services.errors import Conflict, DiskFull


def write_private(path: Path, content: str | bytes, overwrite: bool = True) -> None:
    """Write a file with mode 0600, complete or not at all, even when the power fails.

    Raises FileExistsError when it exists and `overwrite` is false.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.draft")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            draft.rename(path)
        else:
            os.link(draft, path)  # unlike a rename it refuses to replace
    finally:
        draft.unlink(missing_ok=True)


def write_new(name: str, content: bytes) -> None:
    """Write a new file of this name with mode 0600; raises Conflict for one that exists, DiskFull without room."""
    try:
        write_private(Path(name), content, overwrite=False)
    except FileExistsError as error:
        raise Conflict(_("%(file)s exists already. Choose another name.", file=name)) from error
    except OSError as error:
        why = error.strerror or str(error)
        raise DiskFull(_("%(file)s cannot be written: %(why)s", file=name, why=why)) from error


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one process of this machine, and one thread of it, change the folder at a time; it has to exist."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
