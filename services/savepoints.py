"""Savepoints that turn a refusal of the database into a domain error, and work that waits for the commit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models import db
from services.errors import DomainError

TRIGGER_REFUSAL = "SV"
"""SQLSTATE class that our own triggers raise with."""
STILL_REFERENCED = ("23503", "23001")
"""Foreign key and RESTRICT violations (the second since PostgreSQL 18)."""
_WAITING = "after_commit"
_log = logging.getLogger(__name__)


@contextmanager
def savepoint(refusals: Mapping[str, DomainError]) -> Iterator[None]:
    """Run and flush the block in a savepoint; raise the error that belongs to the constraint that fired.

    `refusals` maps a constraint name, an SQLSTATE or its two-character class to the error; what is not listed
    passes through as it came.
    """
    try:
        with db.session.begin_nested():
            yield
            db.session.flush()
    except DBAPIError as error:
        refusal = _find(error, refusals)
        if refusal is None:
            raise
        raise refusal from error


def referenced(refusal: DomainError) -> dict[str, DomainError]:
    """Return the refusals for a row that others point to, or that a trigger of ours holds."""
    return dict.fromkeys((*STILL_REFERENCED, TRIGGER_REFUSAL), refusal)


def after_commit(work: Callable[[], None]) -> None:
    """Do the work once the present transaction is committed; forget it when that rolls back.

    For what cannot be undone and is not in the database: a deleted file would be missed after a rollback.
    """
    session: Session = db.session()
    session.info.setdefault(_WAITING, []).append(work)


def _find(error: DBAPIError, refusals: Mapping[str, DomainError]) -> DomainError | None:
    state = getattr(error.orig, "pgcode", None) or ""
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""
    for key in (constraint, state, state[:2]):
        if key in refusals:
            return refusals[key]
    return None


@event.listens_for(db.session, "after_commit")
def _run_waiting(session: Session) -> None:
    if session.in_nested_transaction():
        return
    for work in session.info.pop(_WAITING, []):
        try:
            work()
        except Exception:  # The commit stands; what is left behind is for the operator, not for the caller.
            _log.exception("Work after a commit failed")


@event.listens_for(db.session, "after_rollback")
def _forget_waiting(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_WAITING, None)
