"""The outbox reaches a real SMTP server with STARTTLS and AUTH, whatever the server does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from models import AuditLog, EmailMessage, MailStatus, Secrecy, db, transaction, use_role
from services.context import platform
from services.email_service import (
    delivery,
    queue_auth_failure_alert,
    queue_vote_confirmation,
)
from services.email_service import smtp as smtp_module
from services.email_service.problems import MailProblem
from tests.factories import ElectionFactory, VoterFactory
from tests.services.email.conftest import CAST_AT, PHOTO, make_event
from tests.support.mail import TO, mail_queue, make_due, queue_mail, row, send_all
from tests.support.smtp import SmtpServer
from tests.support.worker_process import worker_process

pytestmark = pytest.mark.commits


def test_confirmation_arrives_byte_for_byte_and_its_body_is_wiped(smtp_app: Flask, smtp: SmtpServer) -> None:
    voter = VoterFactory(name="Zoë Fontaine", email=TO)
    election = ElectionFactory(secrecy=Secrecy.RECORDED)
    with transaction():
        queue_vote_confirmation(voter, election, CAST_AT, "SV-7F3K-92QD", "Tree Party/Ada Ellery")
    send_all()
    [mail] = smtp.received
    assert mail.recipients == [TO]
    assert mail.message["Subject"] == "Your vote has been recorded"
    assert mail.message["From"] == "Election Commission <commission@example.org>"
    assert mail.text == (
        "Dear Zoë Fontaine,\n\n"
        "Your vote was successfully recorded on Friday 20 November 2026, 13:02 UTC (UTC: 2026-11-20 13:02:05 UTC).\n"
        "Choice: Tree Party/Ada Ellery\n"
        "Reference ID: SV-7F3K-92QD\n\n"
        "Thank you,\n"
        "Election Commission\n"
    )
    assert "Tree Party/Ada Ellery" in mail.part("html")
    sent = row()
    assert (sent.status, sent.attempts, sent.body) == (MailStatus.SENT, 1, None)
    assert sent.sent_at is not None
    assert mail.message["Message-ID"] == f"<{sent.id}@example.org>"


def test_every_line_on_the_wire_is_within_the_limit_of_smtp(smtp_app: Flask, smtp: SmtpServer) -> None:
    with transaction():
        queue_auth_failure_alert(make_event(user_agent="x" * 1500))
    send_all()
    [mail] = smtp.received
    assert max(len(line) for line in mail.content.split(b"\r\n")) <= 998
    assert "x" * 1500 in mail.text


def test_alert_carries_the_stored_snapshot_to_both_recipients(smtp_app: Flask, smtp: SmtpServer) -> None:
    voter = VoterFactory(email=TO)
    with transaction():
        event = make_event(voter=voter)
        queue_auth_failure_alert(event)
    snapshot = str(event.snapshot_path)
    send_all()
    assert sorted(mail.recipients[0] for mail in smtp.received) == ["commissioner@example.org", TO]
    for mail in smtp.received:
        assert mail.attachments == [("image/jpeg", PHOTO)]
    assert platform().storage.read(snapshot) == PHOTO


def test_alert_whose_photo_was_erased_still_goes(smtp_app: Flask, smtp: SmtpServer) -> None:
    with transaction():
        event = make_event()
        queue_auth_failure_alert(event)
    platform().storage.delete(str(event.snapshot_path))
    send_all()
    assert [mail.attachments for mail in smtp.received] == [[]]


def test_alert_whose_photo_is_damaged_still_goes_and_the_damage_is_reported(smtp_app: Flask, smtp: SmtpServer) -> None:
    with transaction():
        event = make_event()
        queue_auth_failure_alert(event)
    path = str(event.snapshot_path)
    (platform().storage.root / path).write_bytes(b"something else")  # type: ignore[attr-defined]
    send_all()
    send_all()
    assert smtp.received[0].attachments == []
    assert "damaged" in smtp.received[1].message["Subject"]
    [row] = db.session.query(AuditLog).filter_by(event_type="system:picture:damaged")
    assert (row.actor, row.details) == ("worker", {"name": path})


def test_a_full_queue_goes_over_one_connection(smtp_app: Flask, smtp: SmtpServer) -> None:
    for number in range(5):
        queue_mail(f"ref-{number}")
    send_all()
    assert len(smtp.received) == 5
    assert len(smtp.sessions) == 1


def test_server_with_an_unknown_certificate_gets_nothing(
    smtp: SmtpServer, make_committing_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    app = make_committing_app(**smtp.settings(MAIL_CAFILE=""))
    with app.app_context():
        queue_mail()
        send_all()
        assert smtp.received == []
        assert (row().status, row().attempts) == (MailStatus.QUEUED, 0)
        assert "CERTIFICATE_VERIFY_FAILED" in str(row().last_error)
    assert "No mail can leave" in caplog.text


@pytest.mark.parametrize("reply", ["552 5.2.2 Mailbox full", "530 5.7.0 Authentication required"])
def test_refused_recipient_whose_time_may_come_is_no_bounce(smtp_app: Flask, smtp: SmtpServer, reply: str) -> None:
    smtp.rcpt_reply[TO] = reply
    queue_mail()
    send_all()
    assert (row().status, row().attempts) == (MailStatus.QUEUED, 1)


def test_temporary_refusal_is_tried_again_later(smtp_app: Flask, smtp: SmtpServer) -> None:
    smtp.rcpt_reply[TO] = "451 4.7.1 Come back later"
    queue_mail()
    send_all()
    waiting = row()
    assert (waiting.status, waiting.attempts) == (MailStatus.QUEUED, 1)
    assert "451" in str(waiting.last_error)
    del smtp.rcpt_reply[TO]
    send_all()
    assert smtp.received == []
    make_due()
    send_all()
    assert (row().status, row().attempts, len(smtp.received)) == (MailStatus.SENT, 2, 1)


def test_recipient_refused_for_good_bounces_at_once_and_holds_nobody_up(smtp_app: Flask, smtp: SmtpServer) -> None:
    smtp.rcpt_reply[TO] = "550 5.1.1 No such user"
    queue_mail("ref-1")
    queue_mail("ref-2", "other@example.org")
    send_all()
    refused = row()
    assert (refused.status, refused.attempts, refused.body) == (MailStatus.BOUNCED, 1, None)
    assert "No such user" in str(refused.last_error)
    assert row("other@example.org").status is MailStatus.SENT


@pytest.mark.parametrize("reply", ["550 5.4.5 Daily sending limit exceeded", "552 5.2.2 Mailbox full"])
def test_refusal_of_a_mail_that_may_pass_tomorrow_is_no_bounce(smtp_app: Flask, smtp: SmtpServer, reply: str) -> None:
    smtp.data_reply = reply
    queue_mail()
    send_all()
    assert (row().status, row().attempts) == (MailStatus.QUEUED, 1)


def test_server_that_hangs_up_within_a_mail_gets_it_again(smtp_app: Flask, smtp: SmtpServer) -> None:
    smtp.drop_at_data = True
    queue_mail()
    send_all()
    assert (row().status, row().attempts) == (MailStatus.QUEUED, 1)
    smtp.drop_at_data = False
    make_due()
    send_all()
    assert (row().status, len(smtp.received)) == (MailStatus.SENT, 1)


def test_mail_goes_over_tls_from_the_first_byte_on_port_465(
    smtp_app: Flask, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    smtp.stop()
    smtp.start(smtps=True)
    monkeypatch.setattr(smtp_module, "SMTPS_PORT", smtp.port)
    queue_mail()
    send_all()
    assert (row().status, len(smtp.received)) == (MailStatus.SENT, 1)


def test_connection_that_the_server_dropped_is_opened_again(smtp_app: Flask, smtp: SmtpServer) -> None:
    queue_mail("ref-1", "one@example.org")
    queue = mail_queue()
    with use_role("sealer"):
        assert queue.send_one()
    smtp.stop()
    smtp.start()
    queue_mail("ref-2", "two@example.org")
    send_all(queue)
    assert (row("two@example.org").status, row("two@example.org").attempts) == (MailStatus.SENT, 1)


def test_mail_is_given_up_after_the_last_attempt(smtp_app: Flask, smtp: SmtpServer) -> None:
    smtp.rcpt_reply[TO] = "451 Come back later"
    queue_mail()
    for _ in range(delivery.MAX_ATTEMPTS + 2):
        send_all()
        make_due()
    assert (row().status, row().attempts) == (MailStatus.FAILED, delivery.MAX_ATTEMPTS)
    assert row().body is not None


def test_mail_that_kills_every_worker_is_given_up(smtp_app: Flask, smtp: SmtpServer) -> None:
    queue_mail()
    for _ in range(delivery.MAX_ATTEMPTS):
        with transaction():
            assert delivery.claim_next() is not None
        make_due()
    with transaction():
        assert delivery.claim_next() is None
    assert row().status is MailStatus.FAILED


def test_delays_double_up_to_an_hour() -> None:
    for attempts in range(1, 40):
        middle = min(3600.0, 2.0**attempts)
        seconds = delivery.retry_delay(attempts).total_seconds()
        assert 0.8 * middle <= seconds <= 1.2 * middle


def test_claimed_mail_is_free_again_after_its_lease(smtp_app: Flask) -> None:
    queue_mail()
    with transaction():
        first = delivery.claim_next()
    with transaction():
        assert delivery.claim_next() is None
    make_due()
    with transaction():
        second = delivery.claim_next()
    assert first is not None
    assert second is not None
    assert (first.id, first.attempts, second.attempts) == (second.id, 1, 2)
    with transaction():
        delivery.mark_failed(first, RuntimeError("a worker that was too slow"))
        delivery.release(first, RuntimeError("a worker that was too slow"))
        delivery.mark_bounced(first, RuntimeError("a worker that was too slow"))
    assert (row().status, row().attempts) == (MailStatus.SENDING, 2)
    with transaction():
        delivery.mark_sent(first)
    assert row().status is MailStatus.SENT


def test_changed_keys_send_no_mail_and_are_noted(smtp_app: Flask, smtp: SmtpServer) -> None:
    queue_mail()
    with transaction():
        db.session.execute(update(EmailMessage).values(body=b"gAAAAA-not-ours"))
    send_all()
    assert (row().status, row().last_error) == (MailStatus.QUEUED, "InvalidToken")
    assert row().problem == MailProblem.UNREADABLE


def test_two_killed_workers_lose_no_mail_and_double_only_those_in_hand_with_the_same_message_id(
    smtp_app: Flask, smtp: SmtpServer, tmp_path: Path
) -> None:
    for number in range(6):
        queue_mail(f"ref-{number}", f"voter{number}@example.org")
    smtp.take_before_hold = True  # The server has the mail, and whoever was killed cannot know.
    for _ in range(2):
        smtp.hold.clear()
        smtp.at_data.clear()
        with worker_process(tmp_path, smtp.settings()) as process:
            assert smtp.at_data.wait(120)
            process.kill()
            process.wait()
        smtp.hold.set()
    send_all()
    assert Counter(db.session.scalars(select(EmailMessage.status))) == {MailStatus.SENT: 4, MailStatus.SENDING: 2}
    make_due()
    send_all()
    numbers = [str(mail.message["Message-ID"]) for mail in smtp.received]
    assert set(numbers) == {f"<{mail}@example.org>" for mail in db.session.scalars(select(EmailMessage.id))}
    assert len(numbers) == 6 + 2
    assert set(db.session.scalars(select(EmailMessage.status))) == {MailStatus.SENT}
