"""The worker: sends the mail and runs the periodic tasks until it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Protocol

from models.base import transaction as models_transaction
from models.base import use_role
from services.context import platform
from services.email_service.transports import transport_for
from services.jobs.mail_queue import MailQueue
from services.jobs.schedule import TASKS, PeriodicTask, Schedule, Transaction, advisory_lock

log = logging.getLogger(__name__)

WORKER_ROLE = "sealer"
LONGEST_WAIT_SECONDS = 30.0


class Application(Protocol):
    """What the worker needs of the application: the context in which its database and settings are found."""

    def app_context(self) -> AbstractContextManager[object]: ...


@dataclass
class Worker:
    """One loop; a failing part is logged and does not stop the others."""

    mail: MailQueue
    schedule: Schedule
    transaction: Transaction
    stop: threading.Event = field(default_factory=threading.Event)
    failures: int = 0

    def run(self, once: bool, poll_seconds: float) -> None:
        """Work until `stop` is set, or with `once` until nothing is left to do at the moment."""
        while not self.stop.is_set():
            busy = self.step()
            if once and not busy:
                return
            if not busy:
                self.stop.wait(min(LONGEST_WAIT_SECONDS, poll_seconds * 2 ** min(self.failures, 10)))

    def step(self) -> bool:
        """Run the tasks that are due and send one mail; tell whether more mail may be waiting."""
        failed = [task.name for task in self.schedule.due() if not self._run_task(task)]
        try:
            busy = self.mail.send_one()
        except Exception:
            log.exception("The mail queue failed.")
            failed.append("mail")
            busy = False
        self.failures = self.failures + 1 if failed else 0
        return busy

    def _run_task(self, task: PeriodicTask) -> bool:
        try:
            with advisory_lock(task.name) as held:
                if held:
                    task.run(self.transaction)
        except Exception:
            log.exception("The task %s failed.", task.name)
            return False
        return True


def run_worker(
    app: Application,
    once: bool = False,
    poll_seconds: float = 0.5,
    transaction: Transaction = models_transaction,
    tasks: tuple[PeriodicTask, ...] = TASKS,
) -> None:
    """Run the worker of `app` as database role `sealer` until SIGTERM or SIGINT; the mail at hand is finished first.

    With `once` it returns when no task and no mail is due.
    """
    with app.app_context(), use_role(WORKER_ROLE):
        queue = MailQueue(transport_for(platform().settings), transaction)
        worker = Worker(queue, Schedule(tasks), transaction)
        log.info("The worker starts.")
        try:
            with _stopping_on_signals(worker.stop):
                worker.run(once, poll_seconds)
        finally:
            queue.close()
        log.info("The worker stops.")


@contextmanager
def _stopping_on_signals(stop: threading.Event) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Python takes signals in the main thread only.
        return

    def note(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
