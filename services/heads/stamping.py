"""The worker asks the authority for stamps once signing is committed: nothing waits for it, nothing fails by it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
from sqlalchemy import Select, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from models import HeadKind, SignedHead, StampFailure, TimeStamping, db
from services import hashing
from services.clock import utc_now
from services.context import platform
from services.heads.authority import AuthorityError, ask
from services.heads.stamps import CLOCKS_APART, Stamp, content_of, read_stamp, trusted_roots

log = logging.getLogger(__name__)

Transaction = Callable[[], AbstractContextManager[Any]]
AT_ONCE = 10
"""Heads of one run; each is a request."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=15)
NOT_ASKED_ANY_MORE = timedelta(days=7)
"""A stamp that comes so late says nothing that a newer head's does not."""
NOTICED_AFTER = timedelta(minutes=2)
"""A head that waits so long is said to people: the authority was asked four times by then."""


@dataclass(frozen=True)
class Waiting:
    """Heads without a stamp that should have one: how many, since when (UTC), and why as far as known."""

    heads: int
    since: datetime
    failure: StampFailure | None


@dataclass(frozen=True)
class _Question:
    """A head to be stamped; `content` is what its head hash is over."""

    head: int
    content: bytes
    made_at: datetime


def stamp_due_heads(transaction: Transaction) -> int:
    """Ask for the stamps that are due, the newest head first, and return how many were stored.

    Each answer is checked before it is stored; between the transactions, not inside one, the authority is asked. The
    first failure ends the run and makes the next one wait, twice as long each time.
    """
    if not platform().settings.timestamp_url:
        return 0
    for number in range(AT_ONCE):
        with transaction():
            question = _newest_due()
        if question is None or not _ask(question, transaction):
            return number
    return AT_ONCE


def waiting_for_stamps() -> Waiting | None:
    """Return what waits for a stamp longer than `NOTICED_AFTER`, None when nothing does or none is asked for."""
    if not platform().settings.timestamp_url:
        return None
    due = _due().subquery()
    heads, since = db.session.execute(select(func.count(), func.min(due.c.made_at)).select_from(due)).one()
    if not heads or utc_now() - since < NOTICED_AFTER:
        return None
    state = db.session.get(TimeStamping, True)
    return Waiting(heads, since, state.failure if state else None)


def _due() -> Select[SignedHead]:
    """Heads without a stamp; those between opening and closing only until a newer one of their chain has its stamp."""
    newer = aliased(SignedHead)
    covered = exists().where(
        newer.kind == SignedHead.kind,
        newer.election_id.is_not_distinct_from(SignedHead.election_id),
        newer.id > SignedHead.id,
        newer.stamped_at.is_not(None),
    )
    opening = (SignedHead.kind == HeadKind.BALLOTS) & (SignedHead.height == 0)
    lately = SignedHead.made_at > utc_now() - NOT_ASKED_ANY_MORE
    return select(SignedHead).where(SignedHead.stamped_at.is_(None), lately, or_(opening, SignedHead.closing, ~covered))


def _newest_due() -> _Question | None:
    state = db.session.get(TimeStamping, True)
    if state is not None and state.next_try_at is not None and state.next_try_at > utc_now():
        return None
    head = db.session.scalar(_due().order_by(SignedHead.id.desc()).limit(1))
    return _Question(head.id, content_of(head), head.made_at) if head is not None else None


def _ask(question: _Question, transaction: Transaction) -> bool:
    """Ask the authority and store its stamp, or note how it failed; tell whether there is a stamp."""
    try:
        answer, stamp = _stamped(platform().settings.timestamp_url, question)
    except AuthorityError as error:
        log.error("No time stamp for head %s (%s): %s", question.head, error.failure, error)
        with transaction():
            _note_failure(error.failure)
        return False
    with transaction():
        _store(question.head, answer, stamp)
    return True


def _stamped(address: str, question: _Question) -> tuple[bytes, Stamp]:
    request = TimestampRequestBuilder().data(question.content).hash_algorithm(HashAlgorithm.SHA256).build()
    roots = trusted_roots()
    answer = ask(address, request.as_bytes())
    stamp = read_stamp(answer, hashing.sha256(question.content), roots, request)
    if not question.made_at - CLOCKS_APART <= stamp.at <= utc_now() + CLOCKS_APART:
        raise AuthorityError(StampFailure.CLOCK, f"the authority's clock says {stamp.at.isoformat()}")
    return answer, stamp


def _store(head: int, answer: bytes, stamp: Stamp) -> None:
    db.session.execute(
        update(SignedHead)
        .where(SignedHead.id == head, SignedHead.timestamp_token.is_(None))
        .values(timestamp_token=answer, stamped_at=stamp.at, stamped_by=stamp.by)
        .execution_options(synchronize_session=False)
    )
    state = _state()
    state.failures, state.failure, state.next_try_at = 0, None, None


def _note_failure(failure: StampFailure) -> None:
    state = _state()
    state.failures, state.failure = state.failures + 1, failure
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(state.failures - 1, 16))
    state.next_try_at = utc_now() + pause


def _state() -> TimeStamping:
    found = db.session.get(TimeStamping, True)
    if found is None:
        found = TimeStamping(id=True, failures=0)
        db.session.add(found)
    return found
