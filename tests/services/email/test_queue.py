"""The queue as a whole: it stops when no mail can leave, keeps to its limit, and lets urgent mails go first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, update

from models import AuditLog, EmailMessage, MailQueueState, MailStatus, db, transaction
from services.actor import Actor
from services.context import platform
from services.email_service import queue_letter, queue_state
from services.email_service import smtp as smtp_module
from services.email_service.problems import MailProblem
from services.email_service.rendering import Body, Letter
from services.email_service.transports import transport_for
from services.jobs.mail_queue import MailQueue
from tests.support.mail import TO, mail_queue, make_due, make_probe_due, pause, queue_mail, row, send_all
from tests.support.smtp import SmtpServer

pytestmark = pytest.mark.commits


def test_wrong_password_stops_the_whole_queue_and_costs_no_attempt(
    smtp: SmtpServer, make_committing_app: Callable[..., Flask]
) -> None:
    app = make_committing_app(**smtp.settings(EMAIL_APP_PASSWORD="not the password"))
    with app.app_context():
        queue_mail("ref-1", "one@example.org")
        queue_mail("ref-2", "two@example.org")
        queue = mail_queue()
        for _ in range(3):
            send_all(queue)
            make_due()
        assert (row("one@example.org").attempts, row("two@example.org").attempts) == (0, 0)
        assert "535" in str(row("one@example.org").last_error)
        assert row("two@example.org").last_error is None
        assert (pause().problem, pause().failures) == (MailProblem.SIGN_IN_REFUSED, 1)
        assert pause().probe_at - pause().paused_at > timedelta(minutes=4)
        make_probe_due()
        send_all(queue)
        assert (pause().failures, len(smtp.received)) == (2, 0)
        assert "535" in str(row("two@example.org").last_error)
        assert db.session.query(AuditLog).filter_by(event_type="worker:mail:stopped").count() == 1


def test_stopped_queue_goes_on_by_hand_or_with_other_settings(
    smtp: SmtpServer, make_committing_app: Callable[..., Flask]
) -> None:
    app = make_committing_app(**smtp.settings(EMAIL_APP_PASSWORD="not the password"))
    with app.app_context():
        queue_mail()
        queue = mail_queue()
        send_all(queue)
        make_due()
        with transaction():
            assert queue_state.probe_now(Actor(role="admin", name="admin"))
        send_all(queue)
        assert (pause().failures, pause().problem) == (1, MailProblem.SIGN_IN_REFUSED)
        make_due()
        right = replace(platform().settings, email_app_password=smtp.settings()["EMAIL_APP_PASSWORD"])
        send_all(MailQueue(transport_for(right), transaction, settings_print=queue_state.settings_print(right)))
        assert (row().status, row().attempts, pause().paused_at) == (MailStatus.SENT, 1, None)
        with transaction():
            assert not queue_state.probe_now(Actor(role="admin", name="admin"))


def sent_at_two_a_second(queue: MailQueue, smtp: SmtpServer, before: int = 0) -> int:
    """Send what may leave now: a second's worth and what the seconds of the sending itself allow; return all sent."""
    begun = time.monotonic()
    send_all(queue)
    new = len(smtp.received) - before
    assert 2 <= new <= 3 + 2 * (time.monotonic() - begun)
    return before + new


def test_no_more_mails_leave_in_a_minute_than_the_limit_says(smtp_app: Flask, smtp: SmtpServer) -> None:
    for number in range(9):
        queue_mail(f"ref-{number}")
    queue = MailQueue(transport_for(platform().settings), transaction, per_minute=120)
    first = sent_at_two_a_second(queue, smtp)
    with transaction():
        a_second_later = func.clock_timestamp() - timedelta(seconds=1)
        db.session.execute(update(MailQueueState).values(next_slot_at=a_second_later))
    sent_at_two_a_second(queue, smtp, first)


def test_mail_to_one_person_goes_before_mails_to_many(smtp_app: Flask, smtp: SmtpServer) -> None:
    letter = Letter("Vote until Friday", Body("Dear voter\n"))
    with transaction():
        for number in range(3):
            queue_letter("reminder", f"v{number}@example.org", letter, dedupe_key=f"reminder:{number}", bulk=True)
    queue_mail()
    send_all()
    assert smtp.received[0].recipients == [TO]


def test_refused_sender_pauses_the_queue_and_blames_no_mail(smtp_app: Flask, smtp: SmtpServer) -> None:
    smtp.sender_reply = "550 5.4.5 Daily sending limit exceeded"
    queue_mail()
    send_all()
    assert (row().status, row().attempts) == (MailStatus.QUEUED, 0)
    smtp.sender_reply = None
    make_due()
    make_probe_due()
    send_all()
    assert row().status is MailStatus.SENT


def test_server_that_was_down_gets_the_mail_when_it_is_back(smtp_app: Flask, smtp: SmtpServer) -> None:
    smtp.stop()
    queue_mail()
    queue = mail_queue()
    send_all(queue)
    assert (row().status, row().attempts) == (MailStatus.QUEUED, 0)
    assert "ConnectionRefusedError" in str(row().last_error)
    smtp.start()
    make_due()
    send_all(queue)
    assert smtp.received == []
    make_probe_due()
    send_all(queue)
    assert (row().status, row().attempts, len(smtp.received)) == (MailStatus.SENT, 1, 1)


def test_two_workers_send_no_mail_twice(smtp_app: Flask, smtp: SmtpServer) -> None:
    for number in range(60):
        queue_mail(f"ref-{number}", f"voter{number}@example.org")
    barrier = threading.Barrier(2)

    def work() -> None:
        with smtp_app.app_context():
            queue = mail_queue()
            barrier.wait()
            send_all(queue)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(mail.recipients[0] for mail in smtp.received) == sorted(f"voter{n}@example.org" for n in range(60))
    assert len(smtp.sessions) == 2


def test_each_trouble_of_a_server_has_its_outcome_and_its_name(
    smtp_app: Flask, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table of docs/mail.md: what the server does, the status of the mail, its attempts, its problem, a pause."""
    monkeypatch.setattr(smtp_module, "TIMEOUT_SECONDS", 0.3)
    queued, bounced = MailStatus.QUEUED, MailStatus.BOUNCED
    table: list[tuple[str, Callable[[str], object], MailStatus, int, MailProblem | None]] = [
        ("takes it", lambda to: None, MailStatus.SENT, 1, None),
        ("greylists", rcpt(smtp, "450 4.7.1 Greylisted, come back in 5 minutes"), queued, 1, MailProblem.GREYLISTED),
        ("says 451", rcpt(smtp, "451 Local error"), queued, 1, MailProblem.TRY_LATER),
        ("counts mails", rcpt(smtp, "452 4.5.3 Too many recipients"), queued, 1, MailProblem.TOO_MANY),
        ("says 5.1.1", rcpt(smtp, "550 5.1.1 No such user"), bounced, 1, MailProblem.NO_SUCH_RECIPIENT),
        ("says 550", rcpt(smtp, "550 Unknown"), bounced, 1, MailProblem.NO_SUCH_RECIPIENT),
        ("says 5.7.1", rcpt(smtp, "554 5.7.1 Blocked"), bounced, 1, MailProblem.REFUSED_BY_POLICY),
        ("is full", rcpt(smtp, "552 5.2.2 Mailbox full"), queued, 1, MailProblem.MAILBOX_FULL),
        ("refuses the text", sets(smtp, data_reply="554 5.6.0 Spam"), queued, 1, MailProblem.CONTENT_REFUSED),
        ("has a daily limit", sets(smtp, data_reply="550 5.4.5 Daily limit"), queued, 1, MailProblem.TOO_MANY),
        ("hangs up", sets(smtp, drop_at_data=True), queued, 1, MailProblem.DROPPED),
        ("is silent", lambda to: smtp.hold.clear(), queued, 1, MailProblem.TOO_SLOW),
        ("bars the sender", sets(smtp, sender_reply="550 5.7.1 No"), queued, 0, MailProblem.SENDER_REFUSED),
        ("is away", lambda to: smtp.stop(), queued, 0, MailProblem.UNREACHABLE),
    ]
    seen = []
    for number, (name, trouble, *_expected) in enumerate(table):
        to = f"voter{number}@example.org"
        trouble(to)
        queue_mail(f"ref-{number}", to)
        send_all()
        mail = row(to)
        seen.append((name, mail.status, mail.attempts, mail.problem))
        smtp.data_reply, smtp.sender_reply, smtp.drop_at_data = None, None, False
        smtp.hold.set()
        db.session.query(EmailMessage).delete()
        db.session.query(MailQueueState).update({"paused_at": None})
        db.session.commit()
    assert seen == [(name, *expected) for name, _trouble, *expected in table]


def rcpt(smtp: SmtpServer, reply: str) -> Callable[[str], object]:
    return lambda to: smtp.rcpt_reply.update({to: reply})


def sets(smtp: SmtpServer, **values: object) -> Callable[[str], object]:
    return lambda to: [setattr(smtp, name, value) for name, value in values.items()]
