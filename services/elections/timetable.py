"""Elections that open and close by themselves, at their times or as soon as the worker is back.

An admin marks a checked draft; the worker checks it again at its time. Closing needs no mark: an election whose time is
over is closed, whatever its booth sheets say, and a missing note is asked for afterwards.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from models import Election, ElectionStatus, db
from services import audit_logger
from services.actor import WORKER, Actor
from services.clock import local_text, utc_now, utc_text
from services.context import platform
from services.elections.checklist import check, obstacles
from services.elections.lifecycle import close_election, open_election
from services.elections.state_machine import lock_election, lock_for
from services.email_service import queue_system_alert
from services.errors import Conflict, ValidationFailed

log = logging.getLogger(__name__)
Transaction = Callable[[], AbstractContextManager[Any]]


def schedule_opening(election: Election, actor: Actor) -> None:
    """Let a draft open by itself at its opening time.

    Raises Conflict for another status, ValidationFailed with what is missing or when its opening time is past.
    """
    lock_for(election, ElectionStatus.ACTIVE)
    if reasons := obstacles(election):
        raise ValidationFailed(" ".join(reasons))
    if election.opens_at <= utc_now():
        raise ValidationFailed(_("The opening time is past. Open the election now, or choose another time."))
    if election.opens_by_itself:
        return
    election.opens_by_itself = True
    election.opening_problem = election.opening_failed_at = None
    db.session.flush()
    audit_logger.record("staff:election:scheduled", actor, election_id=election.id, after=election.opens_at.isoformat())


def cancel_opening(election: Election, actor: Actor) -> None:
    """Let a draft wait for somebody to open it; raises Conflict when it did not wait to open by itself."""
    lock_election(election)
    if not election.opens_by_itself:
        raise Conflict(_("This election does not open by itself."))
    election.opens_by_itself = False
    db.session.flush()
    audit_logger.record(
        "staff:election:unscheduled", actor, election_id=election.id, before=election.opens_at.isoformat()
    )


def follow_timetable(transaction: Transaction) -> int:
    """Close what is over, then open what is due, each in a transaction of its own; return how many changed.

    One that fails stops no other: it is logged, mailed once an hour, and tried again at the next call.
    """
    changed = 0
    for due, act in ((_to_close, _close), (_to_open, _open)):
        with transaction():
            numbers = due()
        changed += sum(_tried(transaction, number, act) for number in numbers)
    return changed


def _to_close() -> list[int]:
    over = select(Election.id).where(Election.status == ElectionStatus.ACTIVE, Election.closes_at <= utc_now())
    return list(db.session.scalars(over.order_by(Election.id)))


def _to_open() -> list[int]:
    due = select(Election.id).where(
        Election.status == ElectionStatus.DRAFT, Election.opens_by_itself, Election.opens_at <= utc_now()
    )
    return list(db.session.scalars(due.order_by(Election.id)))


def _tried(transaction: Transaction, number: int, act: Callable[[Election], bool]) -> bool:
    try:
        with transaction():
            election = db.session.get(Election, number)
            return election is not None and act(election)
    except Exception:
        log.exception("The timetable of election %s could not be followed.", number)
        with transaction():
            queue_system_alert(
                f"ALERT: election {number} does not follow its timetable",
                "It could not be opened or closed at its time. The system tries again and again.\n"
                "Nobody can vote outside the announced time. Look into the log of the worker.",
            )
        return False


def _close(election: Election) -> bool:
    lock_election(election)
    if election.status is not ElectionStatus.ACTIVE or election.closes_at > utc_now():
        return False  # Somebody closed it, or gave it more time, while this waited.
    unexplained = close_election(election, WORKER, by_the_clock=True)
    if unexplained:
        names = ", ".join(sheet.name for sheet in unexplained)
        queue_system_alert(
            f"ALERT: {election.title} closed with a booth sheet that does not balance",
            f"The election closed at its time. Without a note so far: {names}.\n"
            "Write the note on the page of the booth sheets. Until then the sheet says that it is missing.",
        )
    return True


def _open(election: Election) -> bool:
    lock_election(election)
    if not election.opens_by_itself or election.opens_at > utc_now():
        return False
    blocking = [finding for finding in check(election) if finding.blocks]
    if not blocking:
        open_election(election, WORKER)
        return True
    election.opens_by_itself = False
    election.opening_problem = " ".join(finding.words for finding in blocking)
    election.opening_failed_at = utc_now()
    codes = ", ".join(finding.code for finding in blocking)
    audit_logger.record("worker:election:not_opened", WORKER, election_id=election.id, reason=codes)
    zone = platform().settings.timezone
    queue_system_alert(
        f"ALERT: {election.title} did not open at its time",
        f"It should have opened on {local_text(election.opens_at, zone)} ({utc_text(election.opens_at)}).\n\n"
        + "\n".join(f"- {finding.words}" for finding in blocking)
        + "\n\nMend this on the page of the election, then open it there.",
    )
    return True
