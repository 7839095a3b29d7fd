"""Which errors of the database mean that it is away for a moment, so that trying again later helps."""

from __future__ import annotations

import psycopg2
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

DatabaseError = SQLAlchemyError
AWAY = frozenset({"57P01", "57P02", "57P03", "53300", "08000", "08001", "08003", "08004", "08006"})
"""SQLSTATEs of a server that shuts down, crashed, starts, has no connection left, or lost this one."""


def is_away(error: SQLAlchemyError) -> bool:
    """Tell whether the database is down, starting, or has no connection for us; a wrong statement is not that."""
    if isinstance(error, NoConnection):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "pgcode", None)
    silent = isinstance(error.orig, psycopg2.OperationalError) and state is None
    return error.connection_invalidated or silent or state in AWAY


def cause(error: SQLAlchemyError) -> str:
    """Return the kind of error in one word, which holds no value and no address."""
    return type(getattr(error, "orig", None) or error).__name__
