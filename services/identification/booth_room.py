"""Whether the booth can still keep the pictures of an attempt. Casting keeps none and goes on with a full disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask_babel import gettext as _

from services import disk
from services.errors import DiskFull


def require() -> None:
    """Raise DiskFull, in the booth's words, when the disk is nearly full: no attempt begins whose picture is lost."""
    if disk.is_low():
        raise _refusal()


@contextmanager
def booth_words() -> Iterator[None]:
    """Say a disk that filled up while a picture was written in the words of the booth."""
    try:
        yield
    except DiskFull as error:
        raise _refusal() from error


def _refusal() -> DiskFull:
    return DiskFull(_("This booth cannot keep pictures now. Call the officer."))
