"""The worker: sends the mail and runs the periodic tasks until it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import Protocol

from models.base import transaction as models_transaction
from models.base import use_role
from services.context import platform
from services.email_service.transports import transport_for
from services.jobs.mail_queue import MailQueue
from services.jobs.schedule import LAST_TASK, TASKS, PeriodicTask, Schedule, Transaction, advisory_lock

log = logging.getLogger(__name__)

WORKER_ROLE = "sealer"
LONGEST_WAIT_SECONDS = 30.0
LAST_WORK_SECONDS = 30.0
"""So long a worker that is told to stop waits for what runs beside; what is cut off then is started over."""
Work = Callable[[], object]


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
    beside: Callable[[Work], None] | None = None
    _threads: dict[str, threading.Thread] = field(default_factory=dict)

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
        failed = [task.name for task in self.schedule.due() if not self._start(task)]
        try:
            busy = self.mail.send_one()
        except Exception:
            log.exception("The mail queue failed.")
            failed.append("mail")
            busy = False
        self.failures = self.failures + 1 if failed else 0
        return busy

    def end(self) -> None:
        """Wait for what runs beside, but not for ever; then take leave."""
        until = time.monotonic() + LAST_WORK_SECONDS
        for thread in self._threads.values():
            thread.join(max(0.0, until - time.monotonic()))
        self._run_task(LAST_TASK)

    def _start(self, task: PeriodicTask) -> bool:
        if not task.beside or self.beside is None:
            return self._run_task(task)
        running = self._threads.get(task.name)
        if running is None or not running.is_alive():
            work = (partial(self._run_task, task),)
            self._threads[task.name] = threading.Thread(target=self.beside, args=work, name=task.name, daemon=True)
            self._threads[task.name].start()
        return True

    def _run_task(self, task: PeriodicTask) -> bool:
        try:
            with advisory_lock(task.name) if task.alone else nullcontext(True) as held:
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
        worker = Worker(queue, Schedule(tasks), transaction, beside=None if once else partial(_in_own_context, app))
        log.info("The worker starts.")
        try:
            with _stopping_on_signals(worker.stop):
                worker.run(once, poll_seconds)
        finally:
            queue.close()
            worker.end()
        log.info("The worker stops.")


def _in_own_context(app: Application, work: Work) -> None:
    """Run a piece of work in this thread with a session of its own, as the worker's role."""
    with app.app_context(), use_role(WORKER_ROLE):
        work()


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
