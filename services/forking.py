"""What a process that has loaded the application owes the processes forked from it.

A child inherits open connections as files: two processes that speak on one break it. It inherits memory for nothing,
until one of the two writes to it.
"""

from __future__ import annotations

import contextlib
import gc

from models import db
from services.context import platform
from services.errors import DomainError


def ready_for_children() -> None:
    """In the parent, before the first fork: close every connection, load the models of faces (120 MB, shared)."""
    for engine in db.engines.values():
        engine.dispose()
    # Without the models the installation runs, and `flask check` names the trouble.
    with contextlib.suppress(DomainError):
        platform().faces.engine.preload()
    gc.collect()
    # Else the first collection in each child writes to every object, and nothing stays shared.
    gc.freeze()


def forget_connections() -> None:
    """In a child, after the fork: drop what the parent may have opened since, without closing it for the parent."""
    for engine in db.engines.values():
        engine.dispose(close=False)
