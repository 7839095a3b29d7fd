"""What is done again and again, and how often; two workers never do the same task at the same time."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from models import db
from services.actor import WORKER

Transaction = Callable[[], AbstractContextManager[Any]]
BEAT_EVERY_SECONDS = 10.0
SEAL_EVERY_SECONDS = 2.0
TIMETABLE_EVERY_SECONDS = 1.0
IMPORT_EVERY_SECONDS = 1.0
LINKS_EVERY_SECONDS = 1.0
SWEEP_EVERY_SECONDS = 60.0
RETENTION_EVERY_SECONDS = 3600.0
CHAIN_EVERY_SECONDS = 3.0
HEADS_EVERY_SECONDS = 5.0
STAMPS_EVERY_SECONDS = 5.0
EVIDENCE_EVERY_SECONDS = 20.0
MAILINGS_EVERY_SECONDS = 2.0
MEETINGS_EVERY_SECONDS = 5.0


@dataclass(frozen=True)
class PeriodicTask:
    """`run` gets the `transaction` callable and opens as many transactions as it needs, one after the other.

    A task that takes long runs `beside` the others, in a thread of its own: mail and sealing do not wait for it.
    What is not done `alone` every worker does for itself.
    """

    name: str
    every_seconds: float
    run: Callable[[Transaction], object]
    beside: bool = False
    alone: bool = True


@dataclass
class Schedule:
    """When each task is due next; the clock counts seconds and never goes back."""

    tasks: tuple[PeriodicTask, ...]
    clock: Callable[[], float] = time.monotonic
    _next: dict[str, float] = field(default_factory=dict)

    def due(self) -> list[PeriodicTask]:
        """Return the tasks to run now and plan their next time; a task that was late is not made up for."""
        now = self.clock()
        ready = [task for task in self.tasks if self._next.get(task.name, now) <= now]
        for task in ready:
            self._next[task.name] = now + task.every_seconds
        return ready


def seal_due_elections(transaction: Transaction) -> None:
    """Seal what is due: closed elections, and full live batches; count ranked ballots in rounds."""
    from services import ballots  # Not at import: the worker's mail must not depend on the ballots' keys.

    try:
        ballots.seal_due(transaction)
    finally:
        ballots.count_due(transaction)


def follow_timetable(transaction: Transaction) -> None:
    """Open and close the elections whose time has come."""
    from services import elections  # Not at import, for the same reason.

    elections.follow_timetable(transaction)


def import_voters(transaction: Transaction) -> None:
    """Read and import the files of voters that wait."""
    from services import roll_import  # Not at import, for the same reason.

    roll_import.run_due(transaction)


def send_voting_links(transaction: Transaction) -> None:
    """Make the voting links that the desk asked for, and queue their mails."""
    from services import voting_links  # Not at import, for the same reason.

    voting_links.send_due(transaction)


def sweep(transaction: Transaction) -> None:
    """Forget what is over."""
    from services.jobs import sweeping  # Not at import, for the same reason.

    with transaction():
        sweeping.forget()
    with transaction():
        sweeping.expire_approvals()
    with transaction():
        sweeping.tidy_request_audit()
    with transaction():
        sweeping.end_challenges()
    with transaction():
        sweeping.withdraw_mails()


def chain_audit_rows(transaction: Transaction) -> None:
    """Bring new audit rows into the chain."""
    from services import heads  # Not at import, for the same reason.

    heads.chain_due(transaction)


def sign_heads(transaction: Transaction) -> None:
    """Sign the heads of the chains that are due, and mail them to the observers."""
    from services import heads  # Not at import, for the same reason.

    with transaction():
        heads.sign_due_heads()
        heads.mail_due_heads()
    with transaction():
        heads.keep_new_heads()


def stamp_heads(transaction: Transaction) -> None:
    """Ask the authority for the time stamps of signed heads that are due."""
    from services import heads  # Not at import, for the same reason.

    heads.stamp_due_heads(transaction)


def make_evidence_packs(transaction: Transaction) -> None:
    """Make and check the evidence packs of elections that were counted lately, before somebody waits for one."""
    from services import evidence  # Not at import, for the same reason.

    evidence.make_due_packs(transaction)


def write_planned_mails(transaction: Transaction) -> None:
    """Write the mails to many voters whose time has come."""
    from services import mailings  # Not at import, for the same reason.

    mailings.write_due(transaction)


def close_meetings(transaction: Transaction) -> None:
    """Close the meetings whose end has come."""
    from services import attendance  # Not at import, for the same reason.

    with transaction():
        attendance.close_due(WORKER)


def make_partitions(transaction: Transaction) -> None:
    """Make the partitions of the audit log that will be needed."""
    from services import partitions  # Not at import, for the same reason.

    with transaction():
        partitions.make_ahead()


def beat(transaction: Transaction) -> None:
    """Leave a sign of life."""
    from services import worker_beats  # Not at import, for the same reason.

    with transaction():
        worker_beats.beat()


def end_beat(transaction: Transaction) -> None:
    """Take this worker's sign of life away: it stops as it should, and nobody need look for it."""
    from services import worker_beats  # Not at import, for the same reason.

    with transaction():
        worker_beats.end()


def watch(transaction: Transaction) -> None:
    """Turn full logs over, and say so when the disk is nearly full or the bucket does not answer."""
    from services import retention  # Not at import, for the same reason.

    retention.turn_logs_over()
    retention.watch_disk(transaction)
    retention.watch_storage(transaction)


def retain(transaction: Transaction) -> None:
    """Bring the stored pictures within their limits of time and room."""
    from services import retention  # Not at import, for the same reason.

    retention.sweep(transaction)


def erase_faces(transaction: Transaction) -> None:
    """Erase the faces whose time is over, each time with a certificate."""
    from services import face_erasure  # Not at import, for the same reason.

    face_erasure.erase_due(transaction)


TASKS: tuple[PeriodicTask, ...] = (
    PeriodicTask("beat", BEAT_EVERY_SECONDS, beat, alone=False),
    PeriodicTask("follow-timetable", TIMETABLE_EVERY_SECONDS, follow_timetable),
    PeriodicTask("seal-due-elections", SEAL_EVERY_SECONDS, seal_due_elections),
    PeriodicTask("chain-audit-rows", CHAIN_EVERY_SECONDS, chain_audit_rows),
    PeriodicTask("sign-heads", HEADS_EVERY_SECONDS, sign_heads),
    PeriodicTask("stamp-heads", STAMPS_EVERY_SECONDS, stamp_heads, beside=True),
    PeriodicTask("make-evidence-packs", EVIDENCE_EVERY_SECONDS, make_evidence_packs, beside=True),
    PeriodicTask("import-voters", IMPORT_EVERY_SECONDS, import_voters, beside=True),
    PeriodicTask("send-voting-links", LINKS_EVERY_SECONDS, send_voting_links, beside=True),
    PeriodicTask("write-planned-mails", MAILINGS_EVERY_SECONDS, write_planned_mails, beside=True),
    PeriodicTask("close-meetings", MEETINGS_EVERY_SECONDS, close_meetings),
    PeriodicTask("sweep", SWEEP_EVERY_SECONDS, sweep),
    PeriodicTask("make-partitions", SWEEP_EVERY_SECONDS, make_partitions),
    PeriodicTask("watch-disk-and-logs", SWEEP_EVERY_SECONDS, watch),
    PeriodicTask("erase-faces", RETENTION_EVERY_SECONDS, erase_faces),
    PeriodicTask("retain-pictures", RETENTION_EVERY_SECONDS, retain),
)

LAST_TASK = PeriodicTask("end-beat", BEAT_EVERY_SECONDS, end_beat, alone=False)
"""Done once, when a worker stops."""


@contextmanager
def advisory_lock(name: str) -> Iterator[bool]:
    """Hold the PostgreSQL advisory lock of this name, on a connection of its own; give False when another holds it.

    It belongs to a transaction, not to a session: PgBouncer's transaction mode hands a session to somebody else between
    two statements, and the lock would never be let go. Nothing else happens in that transaction, so it holds no
    snapshot. A worker that dies loses its connection, and the lock with it.
    """
    key = int.from_bytes(hashlib.sha256(f"smart-voting/task/{name}".encode()).digest()[:8], signed=True)
    with db.session.get_bind().engine.connect() as connection:
        yield bool(connection.scalar(select(func.pg_try_advisory_xact_lock(key))))
