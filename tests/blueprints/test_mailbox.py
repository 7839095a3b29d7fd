"""The development mailbox and the health check."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from models import Secrecy, db, transaction
from services.clock import utc_now
from services.context import platform
from services.email_service import queue_vote_confirmation, send_auth_failure_alert
from services.email_service.transports import transport_for
from services.jobs.mail_queue import MailQueue
from tests.factories import ElectionFactory, VoterFactory

PHOTO = b"\xff\xd8\xff\xe0 a photo \xff\xd9"


@pytest.fixture
def confirmation(app: Flask) -> uuid.UUID:
    voter = VoterFactory(name="Marguerite <b>Fontaine</b>", email="fontaine@example.org")
    election = ElectionFactory(secrecy=Secrecy.RECORDED)
    mail_id = queue_vote_confirmation(voter, election, utc_now(), "SV-7F3K-92QD", "NOTA")
    db.session.commit()
    assert mail_id is not None
    return mail_id


@pytest.fixture
def alert(app: Flask) -> uuid.UUID:
    [mail_id] = send_auth_failure_alert(["commissioner@example.org"], "ALERT", "Alert:\n", PHOTO)
    db.session.commit()
    return mail_id


@pytest.fixture
def delivered(app: Flask, confirmation: uuid.UUID, alert: uuid.UUID) -> None:
    queue = MailQueue(transport_for(platform().settings), transaction)
    while queue.send_one():
        pass


@pytest.fixture
def smtp_settings(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, mail_transport="smtp"))


def test_empty_mailbox_says_so(admin_client: FlaskClient) -> None:
    assert "No mail yet" in admin_client.get("/ops/mailbox").text


def test_list_shows_each_mail_and_where_it_is(
    admin_client: FlaskClient, confirmation: uuid.UUID, alert: uuid.UUID
) -> None:
    page = admin_client.get("/ops/mailbox").text
    assert f"/ops/mailbox/{confirmation}" in page
    assert f"/ops/mailbox/{alert}" in page
    assert "fontaine@example.org" in page
    assert page.count("Waiting") == 2


def test_mail_that_waits_says_that_the_worker_writes_it(admin_client: FlaskClient, confirmation: uuid.UUID) -> None:
    page = admin_client.get(f"/ops/mailbox/{confirmation}").text
    assert "The worker does it" in page
    assert "SV-7F3K-92QD" not in page


def test_mail_shows_its_text_escaped(admin_client: FlaskClient, confirmation: uuid.UUID, delivered: None) -> None:
    page = admin_client.get(f"/ops/mailbox/{confirmation}").text
    assert "Dear Marguerite &lt;b&gt;Fontaine&lt;/b&gt;," in page
    assert "Reference ID: SV-7F3K-92QD" in page
    assert "sandbox" in page


def test_html_part_may_do_nothing(admin_client: FlaskClient, confirmation: uuid.UUID, delivered: None) -> None:
    answer = admin_client.get(f"/ops/mailbox/{confirmation}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy
    assert "SV-7F3K-92QD" in answer.text


def test_attached_photo_is_shown(admin_client: FlaskClient, alert: uuid.UUID, delivered: None) -> None:
    address = f"/ops/mailbox/{alert}/pictures/0"
    assert address in admin_client.get(f"/ops/mailbox/{alert}").text
    answer = admin_client.get(address)
    assert (answer.mimetype, answer.data) == ("image/jpeg", PHOTO)


@pytest.mark.parametrize("path", ["", "/html", "/pictures/0"])
def test_unknown_mail_is_not_found(admin_client: FlaskClient, path: str) -> None:
    assert admin_client.get(f"/ops/mailbox/{uuid.uuid4()}{path}").status_code == 404


def test_missing_parts_are_not_found(admin_client: FlaskClient, alert: uuid.UUID, delivered: None) -> None:
    assert admin_client.get(f"/ops/mailbox/{alert}/html").status_code == 404
    assert admin_client.get(f"/ops/mailbox/{alert}/pictures/1").status_code == 404


UNKNOWN = uuid.UUID(int=7)  # the same in every process: test names must not differ between workers
PATHS = ["/ops/mailbox", f"/ops/mailbox/{UNKNOWN}", f"/ops/mailbox/{UNKNOWN}/html"]


@pytest.mark.parametrize("path", PATHS)
def test_there_is_no_mailbox_when_mail_really_leaves(admin_client: FlaskClient, smtp_settings: None, path: str) -> None:
    assert admin_client.get(path).status_code == 404


@pytest.mark.parametrize("who", ["officer_client", "observer_client", "kiosk_client"])
@pytest.mark.parametrize("path", PATHS)
def test_only_admins_read_mail(request: pytest.FixtureRequest, who: str, path: str) -> None:
    assert request.getfixturevalue(who).get(path).status_code == 403


def test_strangers_are_asked_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/ops/mailbox").status_code == 302
    assert client.get("/ops/mailbox", headers={"Accept": "application/json"}).status_code == 401


def test_health_is_public(client: FlaskClient) -> None:
    answer = client.get("/ops/health")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_health_says_that_the_database_is_away(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("SELECT 1", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(db.session, "scalar", fail)
    answer = client.get("/ops/health")
    assert answer.status_code == 503
    assert answer.json == {"status": "database_unavailable"}
