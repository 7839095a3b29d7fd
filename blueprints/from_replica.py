"""Pages for everybody, read from the replica where there is one: `@from_replica` below `@public`.

Only for what changes nothing and shows nothing that the reader has just written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask

from config import Settings
from models import use_role
from services import replica
from services.context import replica_watch
from services.database_errors import DatabaseError, is_away
from services.errors import DomainError

P = ParamSpec("P")
T = TypeVar("T")


def init_app(app: Flask, settings: Settings) -> None:
    """Watch the replica, if one is set."""
    if settings.db_replica_url:
        app.extensions[replica.ROLE] = replica.build_watch(settings.db_replica_lag_seconds)


def from_replica(view: Callable[P, T]) -> Callable[P, T]:
    """Let the view read from the replica while that is near enough; what it refuses or fails is asked of the primary.

    The view runs a second time then: a page that is not there yet, or a count that is not final, may be on the primary.
    """

    @wraps(view)
    def reading(*arguments: P.args, **named: P.kwargs) -> T:
        watch = replica_watch()
        if watch is None or not watch.is_fit():
            return view(*arguments, **named)
        try:
            with use_role(replica.ROLE):
                return view(*arguments, **named)
        except DatabaseError as error:
            if is_away(error):
                watch.lost()
        except DomainError:
            pass
        return view(*arguments, **named)

    return reading
