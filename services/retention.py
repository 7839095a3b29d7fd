"""Pictures within their limits of time and room: what is old goes, what is evidence stays, what nobody knows is swept.

The attempt keeps its row when its picture goes; every removal is an audit row. Files are deleted after the commit:
a crash in between leaves a file without a row, which the next sweep takes.

**A column that names a stored file ends in `_path`.** That is how a file of any table, present or future, is known to
be in use; frozen definitions name theirs in their text.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from models import AuthEvent, AuthResult, Election, ElectionStatus, EmailMessage, MailStatus, Review, db
from services import audit_logger, disk, log_files, storage
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.savepoints import after_commit
from services.storage import StoredFile

log = logging.getLogger(__name__)
Transaction = Callable[[], AbstractContextManager[Any]]
ORPHAN_AGE = timedelta(hours=1)
"""A file is written before its row is committed; no request takes that long."""
WAITING = (MailStatus.QUEUED, MailStatus.SENDING)
WORKER = Actor(role="worker", name="worker")


@dataclass(frozen=True)
class Swept:
    """What one sweep removed: pictures too old, pictures over the limit of room, files of no row, logs turned over."""

    expired: int = 0
    crowded: int = 0
    orphans: int = 0
    logs: int = 0


def sweep(transaction: Transaction, actor: Actor = WORKER) -> Swept:
    """Bring pictures and logs within their limits; opens its own transactions, one after the other."""
    with transaction():
        expired = remove_expired(actor)
    with transaction():
        crowded = remove_crowded(actor)
    with transaction():
        orphans = remove_orphans(actor)
    return Swept(expired, crowded, orphans, turn_logs_over())


def remove_expired(actor: Actor) -> int:
    """Remove the pictures of attempts older than SNAPSHOT_DAYS that wait for no review; return how many."""
    days = platform().settings.snapshot_days
    old = _removable().where(AuthEvent.created_at < utc_now() - timedelta(days=days))
    return _remove(db.session.scalars(old).all(), actor, "expired")


def remove_crowded(actor: Actor) -> int:
    """Remove the oldest pictures of attempts until all of them take at most SNAPSHOT_MB; return how many.

    Pictures under review count towards the limit and are kept nevertheless.
    """
    # One listing: a bucket would be asked once for each picture otherwise.
    size = {file.path: file.size for file in platform().storage.files(storage.FACES, storage.FRAUD_ATTEMPTS)}
    paths = db.session.scalars(select(AuthEvent.snapshot_path).where(AuthEvent.snapshot_path.is_not(None)))
    over = sum(size.get(path or "", 0) for path in set(paths)) - platform().settings.snapshot_mb * disk.BYTES_PER_MB
    chosen: list[AuthEvent] = []
    for event in db.session.scalars(_removable()) if over > 0 else ():
        if over <= 0:
            break
        chosen.append(event)
        over -= size.get(event.snapshot_path or "", 0)
    return _remove(chosen, actor, "no_room")


def remove_orphans(actor: Actor) -> int:
    """Remove files older than an hour that no row and no frozen definition names; return how many."""
    limit = utc_now() - ORPHAN_AGE
    # Listed before the rows are read: what gets its row in between is in use and stays.
    old = [file for file in platform().storage.files() if file.written_at < limit]
    used = set(_paths_in_use()) if old else set()
    orphans = [file for file in old if file.path not in used]
    if orphans:
        audit_logger.record("worker:pictures:removed", actor, count=len(orphans), reason="no_row")
        after_commit(lambda: _delete(orphans))
    return len(orphans)


def turn_logs_over() -> int:
    """Turn full logs over and keep the folder within LOG_MB; return how many files were renamed or removed."""
    settings = platform().settings
    return log_files.turn_over(settings.log_folder, settings.log_mb)


def watch_disk(transaction: Transaction) -> bool:
    """Alert the commissioner, at most once an hour, while the disk is nearly full; return whether it is."""
    low = disk.is_low()
    if low:
        with transaction():
            disk.alert()
    return low


def watch_storage(transaction: Transaction) -> bool:
    """Alert the commissioner, at most once an hour, while files cannot be stored; return whether that is so."""
    trouble = platform().storage.trouble()
    if trouble:
        log.error("%s", trouble)
        with transaction():
            disk.alert_away()
    return trouble is not None


def _removable() -> Select[AuthEvent]:
    """Select the attempts whose picture may go, oldest first: not under review, in no mail that has yet to leave."""
    waiting = select(EmailMessage.attachment_path).where(
        EmailMessage.attachment_path.is_not(None), EmailMessage.status.in_(WAITING)
    )
    return (
        select(AuthEvent)
        .where(
            AuthEvent.snapshot_path.is_not(None),
            AuthEvent.review.is_distinct_from(Review.PENDING),
            ~_told_in_the_result(),
            AuthEvent.snapshot_path.not_in(waiting),
        )
        .order_by(AuthEvent.created_at, AuthEvent.id)
        .with_for_update(skip_locked=True)
    )


def _told_in_the_result() -> ColumnElement[bool]:
    """Hold for a rejected identification: its vote is reported as under review until the election is archived."""
    archived = select(Election.id).where(Election.status == ElectionStatus.ARCHIVED)
    rejected = func.coalesce(AuthEvent.review == Review.REJECTED, False)
    told = and_(rejected, AuthEvent.result == AuthResult.SUCCESS, AuthEvent.election_id.is_not(None))
    return and_(told, func.coalesce(AuthEvent.election_id, 0).not_in(archived))


def _remove(events: Iterable[AuthEvent], actor: Actor, reason: str) -> int:
    paths = []
    for event in events:
        paths.append(event.snapshot_path)
        event.snapshot_path = None
    if paths:
        audit_logger.record("worker:pictures:removed", actor, count=len(paths), reason=reason)
        for path in paths:
            after_commit(lambda path=path: platform().storage.delete(path))  # type: ignore[misc]
    return len(paths)


def _delete(files: Iterable[StoredFile]) -> None:
    for file in files:
        platform().storage.delete_older(file)


def _paths_in_use() -> Iterator[str]:
    """Yield every path that a row or a frozen definition names."""
    for table in db.metadata.tables.values():
        for column in table.columns:
            if column.name.endswith("_path"):
                yield from db.session.scalars(select(column).where(column.is_not(None)))
    for definition in db.session.scalars(select(Election.definition).where(Election.definition.is_not(None))):
        yield from (found.group() for found in storage.PATH.finditer(definition or ""))
