"""Which errors of the database mean that it is away for a moment, so that trying again later helps."""

from __future__ import annotations

import psycopg2
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from models.base import CommitLost

DatabaseError = SQLAlchemyError
AWAY = frozenset({
    "57P01", "57P02", "57P03", "53000", "53100", "53200", "53300", "08000", "08001", "08003", "08004", "08006",
    "08P01", "25006",
})  # fmt: skip
"""SQLSTATEs of a server that shuts down, crashed, starts, lost this one, or has no room, memory or connection left; of
a PgBouncer without a server (08P01); and of a replica that is not promoted yet (25006)."""


def is_away(error: SQLAlchemyError) -> bool:
    """Tell whether the database is down, starting, or has no connection for us; a wrong statement is not that."""
    if isinstance(error, NoConnection | CommitLost):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "pgcode", None)
    silent = isinstance(error.orig, psycopg2.OperationalError) and state is None
    return error.connection_invalidated or silent or state in AWAY


def outcome_is_unknown(error: SQLAlchemyError) -> bool:
    """Tell whether the answer to a COMMIT was lost, so that what was sent may be saved."""
    return isinstance(error, CommitLost)


def cause(error: SQLAlchemyError) -> str:
    """Return the kind of error in one word, which holds no value and no address."""
    return type(getattr(error, "orig", None) or error).__name__
