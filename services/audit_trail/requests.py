"""Refused requests: counted by minute, bounded, watched for bursts, and their addresses erased after some time.

A row holds the kind of refusal, the name of the route, the role and the caller's address: no path, query, token or
body. What a process saw is gathered in memory and written every few seconds (`blueprints/request_audit.py`), so a
refusal waits for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from models import Refusal, RequestAudit, db
from services import audit_logger, metrics
from services.actor import Actor
from services.clock import utc_now
from services.email_service import queue_system_alert

BURST_WINDOW = timedelta(minutes=5)
BURST_THRESHOLD = 60
"""Refusals of one address in the window. Nobody is refused every five seconds for five minutes by hand, and a hall of
officers behind one address that all mistype their password once stays below; a script that guesses does not."""
ALERT_EVERY = timedelta(hours=1)
ADDRESS_KEPT = timedelta(days=14)
"""Long enough to look into what happened on an election day, then nobody can say any more who was refused."""
ROWS_KEPT = timedelta(days=90)
MOST_ROWS = 200_000
"""Some 30 MB: about two months of a hundred rows an hour; above it the oldest go first."""
SHOWN = 100


@dataclass(frozen=True)
class Refused:
    """What is counted together: one kind at one route by one role from one address in one minute (UTC)."""

    minute: datetime
    kind: Refusal
    endpoint: str
    role: str
    address: str | None


def write_refusals(counts: Mapping[Refused, int]) -> None:
    """Add what a process gathered, in the caller's transaction."""
    for key, number in sorted(counts.items(), key=lambda item: str(item[0])):
        row = insert(RequestAudit).values(
            minute=key.minute, kind=key.kind, endpoint=key.endpoint, role=key.role, ip_address=key.address, count=number
        )
        table = RequestAudit.__table__
        names = ["minute", "kind", "endpoint", "role", "ip_address"]
        db.session.execute(
            row.on_conflict_do_update(index_elements=names, set_={"count": table.c.count + row.excluded["count"]})
        )


def watch_for_bursts(actor: Actor) -> int:
    """Record and mail each address that was refused too often; at most once an hour each. Return how many."""
    now = utc_now()
    often = db.session.execute(
        select(RequestAudit.ip_address, func.sum(RequestAudit.count))
        .where(
            RequestAudit.minute > now - BURST_WINDOW,
            RequestAudit.kind != Refusal.BURST,
            RequestAudit.ip_address.is_not(None),
        )
        .group_by(RequestAudit.ip_address)
        .having(func.sum(RequestAudit.count) >= BURST_THRESHOLD)
    ).all()
    fresh = [(address, int(count)) for address, count in often if not _told(str(address), now)]
    for address, count in fresh:
        mark = RequestAudit(minute=_minute(now), kind=Refusal.BURST, ip_address=str(address), count=count)
        db.session.add(mark)
        db.session.flush()
        _tell(mark, actor)
    return len(fresh)


def tidy() -> None:
    """Erase old addresses, and keep the rows within their time and number."""
    now = utc_now()
    db.session.execute(
        update(RequestAudit)
        .where(RequestAudit.minute < now - ADDRESS_KEPT, RequestAudit.ip_address.is_not(None))
        .values(ip_address=None)
    )
    db.session.execute(delete(RequestAudit).where(RequestAudit.minute < now - ROWS_KEPT))
    last = select(RequestAudit.id).order_by(RequestAudit.id.desc()).offset(MOST_ROWS).limit(1).scalar_subquery()
    db.session.execute(delete(RequestAudit).where(RequestAudit.id <= last))


def page_of_refusals(before: int | None = None, kind: Refusal | None = None) -> tuple[list[RequestAudit], int | None]:
    """Return the newest rows below number `before`, and the number to go on below."""
    query = select(RequestAudit).order_by(RequestAudit.id.desc())
    if before is not None:
        query = query.where(RequestAudit.id < before)
    if kind is not None:
        query = query.where(RequestAudit.kind == kind)
    rows = list(db.session.scalars(query.limit(SHOWN + 1)))
    return rows[:SHOWN], rows[SHOWN - 1].id if len(rows) > SHOWN else None


def minute_of(moment: datetime) -> datetime:
    """Return the beginning of the minute, UTC."""
    return _minute(moment.astimezone(UTC))


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _told(address: str, now: datetime) -> bool:
    return db.session.scalar(
        select(RequestAudit.id).where(
            RequestAudit.ip_address == address,
            RequestAudit.kind == Refusal.BURST,
            RequestAudit.minute > now - ALERT_EVERY,
        )
    ) is not None  # fmt: skip


def _tell(mark: RequestAudit, actor: Actor) -> None:
    metrics.count(metrics.Event.SUSPICIOUS_ACTIVITY)
    audit_logger.record("system:requests:burst", actor, count=mark.count, subject_id=mark.id)
    minutes = int(BURST_WINDOW.total_seconds() // 60)
    queue_system_alert(
        _("ALERT: many refused requests from one address"),
        _(
            "%(count)s requests from one address were refused within %(minutes)s minutes (number %(number)s).\n\n"
            "Somebody may be guessing passwords or addresses. The desk shows which: Audit log, then Refused requests."
            " Nothing was done that is not allowed.",
            count=mark.count,
            number=mark.id,
            minutes=minutes,
        ),
    )
