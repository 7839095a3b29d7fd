"""The worker does its tasks, one failing does not stop the others, and it stops when told to."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from models import EmailMessage, MailStatus, db, transaction
from services.email_service import send_vote_confirmation
from services.jobs import TASKS, PeriodicTask, run_worker
from services.jobs.schedule import Schedule, advisory_lock
from tests.support.smtp import smtp_server
from tests.support.worker_process import wait_until_taken, worker_process

commits = pytest.mark.commits


def queue_mail(reference: str = "ref-1") -> None:
    with transaction():
        send_vote_confirmation("fontaine@example.org", "Your vote has been recorded", "Dear …\n", reference)


def statuses() -> list[MailStatus]:
    db.session.rollback()
    return list(db.session.scalars(select(EmailMessage.status)))


def test_task_is_due_at_once_and_then_every_so_many_seconds() -> None:
    now = 100.0
    task = PeriodicTask("seal", 5, lambda transaction: None)
    schedule = Schedule((task,), clock=lambda: now)
    assert schedule.due() == [task]
    assert schedule.due() == []
    now = 104.9
    assert schedule.due() == []
    now = 131.0
    assert schedule.due() == [task]
    assert schedule.due() == []


def test_sealing_is_among_the_tasks() -> None:
    assert "seal-due-elections" in [task.name for task in TASKS]


@commits
def test_worker_runs_the_real_tasks_of_an_empty_installation(
    committing_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    run_worker(committing_app, once=True)
    assert "failed" not in caplog.text


@commits
def test_two_workers_both_leave_a_sign_of_life_while_one_of_them_holds_the_lock_of_that_task(
    committing_app: Flask,
) -> None:
    beats: list[str] = []
    own = PeriodicTask("beat", 60, lambda transaction: beats.append("one"), alone=False)
    with advisory_lock("beat") as held:
        run_worker(committing_app, once=True, tasks=(own,))
    assert held
    assert beats == ["one"]
    assert not next(task for task in TASKS if task.name == "beat").alone


@commits
def test_worker_sends_everything_once_and_returns(committing_app: Flask, tmp_path: Path) -> None:
    for number in range(3):
        queue_mail(f"ref-{number}")
    run_worker(committing_app, once=True, tasks=())
    assert statuses() == [MailStatus.SENT] * 3
    assert len(list((tmp_path / "var" / "mail").glob("*.eml"))) == 3


@commits
def test_failing_task_stops_neither_the_others_nor_the_mail(
    committing_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    queue_mail()
    done: list[str] = []

    def fail(transaction: Any) -> None:
        with transaction():
            db.session.execute(text("SELECT 1 / 0"))

    tasks = (PeriodicTask("broken", 60, fail), PeriodicTask("other", 60, lambda transaction: done.append("other")))
    run_worker(committing_app, once=True, tasks=tasks)
    assert done == ["other"]
    assert statuses() == [MailStatus.SENT]
    assert "The task broken failed." in caplog.text


@commits
def test_worker_waits_longer_while_the_database_fails_and_then_goes_on(
    committing_app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    queue_mail()
    waits: list[float] = []
    steps = iter([True, True, False])

    @contextmanager
    def unreliable() -> Iterator[Any]:
        if next(steps, False):
            raise OperationalError("SELECT 1", {}, Exception("the server closed the connection"))
        with transaction() as session:
            yield session

    def note(stop: threading.Event, seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 3:
            stop.set()
        return stop.is_set()

    monkeypatch.setattr(threading.Event, "wait", note)
    run_worker(committing_app, poll_seconds=0.5, transaction=unreliable, tasks=())
    assert waits == [1.0, 2.0, 0.5]
    assert statuses() == [MailStatus.SENT]
    assert caplog.text.count("The mail queue failed.") == 2


@commits
def test_tasks_run_as_the_sealer_and_may_open_several_transactions(committing_app: Flask) -> None:
    users: list[str] = []

    def note(transaction: Any) -> None:
        for _ in range(2):
            with transaction() as session:
                users.append(session.scalar(text("SELECT current_user")))

    run_worker(committing_app, once=True, tasks=(PeriodicTask("note", 60, note),))
    assert users == ["sv_sealer", "sv_sealer"]


@commits
def test_a_task_runs_in_one_worker_at_a_time(committing_app: Flask) -> None:
    entered, leave = threading.Event(), threading.Event()
    runs: list[str] = []

    def slow(transaction: Any) -> None:
        runs.append("slow")
        entered.set()
        leave.wait(120)

    other = threading.Thread(
        target=run_worker, args=(committing_app,), kwargs={"once": True, "tasks": (PeriodicTask("seal", 60, slow),)}
    )
    other.start()
    assert entered.wait(120)
    run_worker(committing_app, once=True, tasks=(PeriodicTask("seal", 60, lambda t: runs.append("second")),))
    leave.set()
    other.join()
    assert runs == ["slow"]
    run_worker(committing_app, once=True, tasks=(PeriodicTask("seal", 60, lambda t: runs.append("later")),))
    assert runs == ["slow", "later"]


@commits
def test_lock_is_let_go_when_its_task_fails(committing_app: Flask) -> None:
    def fail() -> None:
        with advisory_lock("seal") as held:
            assert held
            raise RuntimeError("the task failed")

    with pytest.raises(RuntimeError):
        fail()
    # Looked at from outside: the connection that held the lock would be given it again.
    query = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database AND d.datname = current_database()"
    assert db.session.scalar(text(f"{query} WHERE locktype = 'advisory'")) == 0


@commits
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_worker_finishes_the_mail_at_hand_when_told_to_stop(
    make_committing_app: Callable[..., Flask], tmp_path: Path, number: signal.Signals
) -> None:
    with smtp_server(tmp_path) as smtp:
        app = make_committing_app(**smtp.settings())
        with app.app_context():
            queue_mail("ref-1")
            queue_mail("ref-2")
            smtp.answer_after_hold = True
            smtp.hold.clear()
            with worker_process(tmp_path, smtp.settings()) as process:
                assert smtp.at_data.wait(120)
                process.send_signal(number)
                wait_until_taken(process.pid, number)
                smtp.hold.set()
                assert process.wait(120) == 0
            assert sorted(statuses()) == [MailStatus.QUEUED, MailStatus.SENT]
            assert len(smtp.received) == 1
