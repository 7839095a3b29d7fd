"""Searching the audit log, newest first. A page costs the same at a thousand and at a million rows.

Pages go on after the last row seen (keyset), never by counting rows away. Words are looked for in a bounded stretch of
rows a page; where that stretch ends without a full page, the page says how far it got and the next one goes on there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, Text, cast, func, or_, select

from models import AuditLog, db
from services.audit_trail.sentences import types_of

PAGE_ROWS = 50
STRETCH = 20_000
"""Rows in which words are looked for at once: some hundredths of a second."""
DISORDER = 1_000
"""Numbers are drawn a moment before the time is: rows of busy seconds may stand this far out of order."""


@dataclass(frozen=True)
class Filters:
    """What to show; None and "" mean all. `since` and `until` are UTC, `until` is not included."""

    election_id: int | None = None
    actor: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""
    elections: tuple[int, ...] | None = None
    """The elections whose rows may be seen, beside rows of no election; None: all."""


@dataclass(frozen=True)
class Page:
    """Rows, newest first; `next_before` is the number to go on below, None at the end.

    `reached` is the time down to which words were looked for where the page is not full.
    """

    rows: list[AuditLog]
    next_before: int | None
    reached: datetime | None = None


def search(filters: Filters, before: int | None = None, limit: int = PAGE_ROWS) -> Page:
    """Return the rows below number `before`."""
    narrowed = _narrowed(filters, before)
    if filters.words:
        return _search_words(narrowed, filters.words, limit)
    rows = list(db.session.scalars(narrowed.limit(limit + 1)))
    return Page(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


def every(filters: Filters, most: int) -> Iterator[AuditLog]:
    """Yield up to `most` rows, page by page."""
    before, left = None, most
    while left > 0:
        page = search(filters, before, min(left, 2_000))
        yield from page.rows
        left -= len(page.rows)
        before = page.next_before
        db.session.expunge_all()
        if before is None:
            return


def actors(limit: int = 200) -> list[str]:
    """Return who stands in the log, each once: hops along the index, so a long log costs no more."""
    found: list[str] = []
    last = ""
    while len(found) < limit:
        name = db.session.scalar(select(func.min(AuditLog.actor)).where(AuditLog.actor > last))
        if name is None:
            break
        found.append(name)
        last = name
    return found


def _narrowed(filters: Filters, before: int | None) -> Select[AuditLog]:
    query = select(AuditLog).order_by(AuditLog.id.desc())
    if before is not None:
        query = query.where(AuditLog.id < before)
    if filters.election_id is not None:
        query = query.where(AuditLog.election_id == filters.election_id)
    if filters.elections is not None:
        query = query.where(AuditLog.election_id.is_(None) | AuditLog.election_id.in_(filters.elections))
    if filters.actor:
        query = query.where(AuditLog.actor == filters.actor)
    if filters.kind:
        query = query.where(AuditLog.event_type.in_(types_of(filters.kind)))
    if filters.since is not None:
        query = query.where(AuditLog.created_at >= filters.since, AuditLog.id > _number_at(filters.since) - DISORDER)
    if filters.until is not None:
        query = query.where(AuditLog.created_at < filters.until, AuditLog.id <= _number_at(filters.until) + DISORDER)
    return query


def _number_at(moment: datetime) -> int:
    """Return the number of the last row before a moment, 0 where there is none."""
    newest = select(AuditLog.id).where(AuditLog.created_at < moment).order_by(AuditLog.created_at.desc()).limit(1)
    return db.session.scalar(newest) or 0


def _search_words(narrowed: Select[AuditLog], words: str, limit: int) -> Page:
    stretch = narrowed.with_only_columns(AuditLog.id, AuditLog.created_at).limit(STRETCH).subquery()
    least, reached, scanned = db.session.execute(
        select(func.min(stretch.c.id), func.min(stretch.c.created_at), func.count()).select_from(stretch)
    ).one()
    if not scanned:
        return Page([], None)
    pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    text = cast(AuditLog.details, Text)
    matching = narrowed.where(
        AuditLog.id >= least,
        or_(text.ilike(pattern), AuditLog.actor.ilike(pattern), AuditLog.event_type.ilike(pattern)),
    )
    rows = list(db.session.scalars(matching.limit(limit + 1)))
    if len(rows) > limit:
        return Page(rows[:limit], rows[limit - 1].id)
    more = scanned == STRETCH
    return Page(rows, least if more else None, reached if more else None)
