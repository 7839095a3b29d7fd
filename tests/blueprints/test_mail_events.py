"""A mail provider reports bounces: signed, in a window of time, and twice is once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from models import AuditLog, EmailMessage, MailStatus, db
from services.clock import utc_now
from services.context import platform
from services.mailings import signature_of
from tests import factories

SECRET = "a secret of the provider, long enough"
ADDRESS = "/ops/mail/events"


@pytest.fixture
def provider(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Send a report, signed `ago` seconds ago."""
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, mail_webhook_secret=SECRET))

    def send(said: object, ago: int = 0, **headers: str) -> Any:
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        stamp = str(int(utc_now().timestamp()) - ago)
        signed = {"X-Timestamp": stamp, "X-Signature": signature_of(SECRET, content, stamp)}
        return client.post(ADDRESS, data=content, headers={**signed, **headers}, content_type="application/json")

    return send


def bounce(mail: EmailMessage, **values: object) -> dict[str, object]:
    return {"message_id": f"<{mail.id}@example.org>", "event": "bounced", **values}


def sent_mail() -> EmailMessage:
    mail: EmailMessage = factories.EmailMessageFactory(status=MailStatus.SENT, sent_at=utc_now(), body=None)
    return mail


def test_bounce_is_noted_once_however_often_it_is_reported(provider: Any, csrf_enforced: None) -> None:
    mail = sent_mail()
    report = {"events": [bounce(mail, code=550, reason="5.1.1 No such user"), bounce(mail)]}
    assert provider(report).json == {"noted": 1, "unchanged": 1, "unknown": 0}
    assert provider(report).json == {"noted": 0, "unchanged": 2, "unknown": 0}
    db.session.refresh(mail)
    assert (mail.status, mail.problem) == (MailStatus.BOUNCED, "no_such_recipient")
    assert mail.bounced_at is not None
    [row] = db.session.query(AuditLog).filter_by(event_type="provider:mail:bounced")
    assert (row.election_id, row.details) == (mail.election_id, {"count": 1})


def test_reason_of_the_provider_becomes_words(provider: Any) -> None:
    mail = sent_mail()
    provider({"events": [bounce(mail, code=554, reason="5.7.1 blocked\r\nBcc: x")]})
    db.session.refresh(mail)
    assert (mail.problem, mail.last_error) == ("refused_by_policy", "5.7.1 blocked Bcc: x")


@pytest.mark.parametrize("event", [
    {"message_id": "<someone-else@example.net>", "event": "bounced"}, {"event": "bounced"},
    {"message_id": 7, "event": ["bounced"]},
])  # fmt: skip
def test_mail_that_is_not_ours_is_counted_and_changes_nothing(provider: Any, event: dict[str, object]) -> None:
    assert provider({"events": [event]}).json == {"noted": 0, "unchanged": 0, "unknown": 1}


def test_mail_that_still_waits_cannot_have_bounced(provider: Any) -> None:
    mail = factories.EmailMessageFactory()
    assert provider({"events": [bounce(mail)]}).json["unchanged"] == 1


@pytest.mark.parametrize("headers", [
    {"X-Signature": "0" * 64}, {"X-Signature": ""}, {"X-Signature": "ü"}, {"X-Timestamp": "yesterday"},
    {"X-Timestamp": "0"}, {"X-Timestamp": "9" * 30},
])  # fmt: skip
def test_report_with_a_wrong_signature_is_refused(provider: Any, headers: dict[str, str]) -> None:
    mail = sent_mail()
    answer = provider({"events": [bounce(mail)]}, **headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "bad_signature")
    db.session.refresh(mail)
    assert mail.status is MailStatus.SENT


@pytest.mark.parametrize("ago", [301, -600])
def test_report_outside_the_window_is_refused(provider: Any, ago: int) -> None:
    assert provider({"events": []}, ago=ago).status_code == 401


@pytest.mark.parametrize("said", [b"{", b"[]", b'{"events": 7}', b'{"events": [1]}', b"[" * 5000, b"\xff"])
def test_body_that_is_no_report_is_refused_with_words(provider: Any, said: bytes) -> None:
    answer = provider(said)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "bad_report")


def test_nobody_can_report_while_no_secret_is_set(client: FlaskClient) -> None:
    assert client.post(ADDRESS, json={"events": []}).status_code == 404
