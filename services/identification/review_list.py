"""Attempts of an election as the desk looks through them: filters, pages, and the neighbours of one attempt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import selectinload

from models import AuthEvent, AuthMethod, AuthResult, Election, Kiosk, Review, db
from services.voters import normalise_voter_number

PAGE_SIZE = 50
NOT_REVIEWED = "none"


@dataclass(frozen=True)
class AttemptQuery:
    """What to look for; `review` is a Review, `none`, or empty for all; times are UTC, `until` is not included."""

    result: AuthResult | None = None
    method: AuthMethod | None = None
    review: str = ""
    kiosk_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    voter_number: str = ""
    page: int = 1

    @property
    def filtered(self) -> bool:
        """Tell whether anything is asked for."""
        asked = (self.result, self.method, self.review, self.kiosk_id, self.since, self.until, self.voter_number)
        return any(asked)


@dataclass(frozen=True)
class AttemptPage:
    """Fifty attempts, the newest first."""

    rows: list[AuthEvent]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class Neighbours:
    """The attempts before and after one in the same list; None at its ends."""

    newer: int | None
    older: int | None


def search(election: Election, query: AttemptQuery) -> AttemptPage:
    """Return one page of the election's attempts; a page beyond the end is the last one."""
    wanted = _conditions(election.id, query)
    total = db.session.scalar(select(func.count()).select_from(AuthEvent).where(*wanted)) or 0
    pages = max(1, math.ceil(total / PAGE_SIZE))
    page = min(max(1, query.page), pages)
    people = (AuthEvent.voter, AuthEvent.kiosk, AuthEvent.officer, AuthEvent.second_officer, AuthEvent.reviewer)
    rows = db.session.scalars(
        select(AuthEvent)
        .options(*(selectinload(person) for person in people))
        .where(*wanted)
        .order_by(AuthEvent.id.desc())
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    ).all()
    return AttemptPage(list(rows), total, page, pages)


def neighbours(event: AuthEvent, query: AttemptQuery) -> Neighbours:
    """Return what stands before and after the attempt in the list that `query` asks for."""
    wanted = _conditions(event.election_id, query)
    newer = select(func.min(AuthEvent.id)).where(*wanted, AuthEvent.id > event.id)
    older = select(func.max(AuthEvent.id)).where(*wanted, AuthEvent.id < event.id)
    return Neighbours(db.session.scalar(newer), db.session.scalar(older))


def next_waiting(event: AuthEvent) -> int | None:
    """Return the attempt to judge after this one: the next older that waits, else the newest that does."""
    waiting = (AuthEvent.election_id == event.election_id, AuthEvent.review == Review.PENDING)
    older = select(func.max(AuthEvent.id)).where(*waiting, AuthEvent.id < event.id)
    newest = select(func.max(AuthEvent.id)).where(*waiting)
    return db.session.scalar(older) or db.session.scalar(newest)


def waiting_count(election: Election) -> int:
    """Return how many attempts of the election wait for a review."""
    waiting = select(func.count()).where(AuthEvent.election_id == election.id, AuthEvent.review == Review.PENDING)
    return db.session.scalar(waiting) or 0


def kiosks_of(election: Election) -> list[tuple[int, str]]:
    """Return every booth that the election ever had, for the filter."""
    rows = db.session.execute(select(Kiosk.id, Kiosk.name).where(Kiosk.election_id == election.id).order_by(Kiosk.id))
    return [(number, name) for number, name in rows]


def _conditions(election_id: int | None, query: AttemptQuery) -> list[ColumnElement[bool]]:
    found = [AuthEvent.election_id == election_id]
    if query.result is not None:
        found.append(AuthEvent.result == query.result)
    if query.method is not None:
        found.append(AuthEvent.method == query.method)
    if query.review:
        found.append(AuthEvent.review.is_(None) if query.review == NOT_REVIEWED else AuthEvent.review == query.review)
    if query.kiosk_id is not None:
        found.append(AuthEvent.kiosk_id == query.kiosk_id)
    if query.since is not None:
        found.append(AuthEvent.created_at >= query.since)
    if query.until is not None:
        found.append(AuthEvent.created_at < query.until)
    if query.voter_number:
        found.append(AuthEvent.voter_id_input == normalise_voter_number(query.voter_number))
    return found
