"""A mail is a row in the transaction of the fact it reports."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from models import EmailMessage, MailStatus, Secrecy, db, transaction
from services.context import platform
from services.email_service import outbox as outbox_module
from services.email_service import (
    queue_auth_failure_alert,
    queue_system_alert,
    queue_vote_confirmation,
    send_auth_failure_alert,
    send_vote_confirmation,
)
from services.email_service.content import open_body
from tests.factories import ElectionFactory, VoterFactory
from tests.services.email.conftest import CAST_AT, PHOTO, make_event

COMMISSIONER = "commissioner@example.org"


def rows() -> list[EmailMessage]:
    return list(db.session.scalars(select(EmailMessage).order_by(EmailMessage.created_at, EmailMessage.recipient)))


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the time of the outbox."""

    def set_time(moment: datetime) -> None:
        monkeypatch.setattr(outbox_module, "utc_now", lambda: moment)

    set_time(CAST_AT)
    return set_time


def test_confirmation_is_gone_when_the_transaction_rolls_back(app: Flask) -> None:
    voter, election = VoterFactory(), ElectionFactory()

    def vote_and_fail() -> None:
        with transaction():
            queue_vote_confirmation(voter, election, CAST_AT, "ref-1")
            assert len(rows()) == 1
            raise RuntimeError("the vote failed")

    with pytest.raises(RuntimeError):
        vote_and_fail()
    assert rows() == []


def test_confirmation_is_queued_once_for_a_reference(app: Flask) -> None:
    voter, election = VoterFactory(email="fontaine@example.org"), ElectionFactory()
    assert queue_vote_confirmation(voter, election, CAST_AT, "ref-1") is not None
    assert queue_vote_confirmation(voter, election, CAST_AT, "ref-1") is None
    [row] = rows()
    assert (row.kind, row.recipient, row.status) == ("vote_confirmation", "fontaine@example.org", MailStatus.QUEUED)


def test_ordered_function_takes_plain_text(app: Flask) -> None:
    send_vote_confirmation("fontaine@example.org", "Your vote has been recorded", "Dear …", "ref-1")
    [row] = rows()
    assert row.body is not None
    assert open_body(row.body).text == "Dear …"
    assert open_body(row.body).html is None


def test_voter_without_an_address_gets_no_mail(app: Flask) -> None:
    assert queue_vote_confirmation(VoterFactory(email=None), ElectionFactory(), CAST_AT, "ref-1") is None
    assert rows() == []


def test_bodies_are_unreadable_and_of_one_length_for_all_kinds(app: Flask) -> None:
    voter = VoterFactory(name="Marguerite Fontaine")
    queue_vote_confirmation(voter, ElectionFactory(secrecy=Secrecy.SECRET), CAST_AT, "ref-1")
    queue_vote_confirmation(
        voter, ElectionFactory(secrecy=Secrecy.RECORDED), CAST_AT, "ref-2", "P" * 80 + "/" + "C" * 80
    )
    queue_auth_failure_alert(make_event(voter=voter))
    bodies = [bytes(row.body or b"") for row in rows()]
    assert len(bodies) == 4
    assert len({len(body) for body in bodies}) == 1
    assert not any(b"Fontaine" in body or b"CCCC" in body for body in bodies)


def test_alert_goes_to_the_commissioner_and_the_voter_with_the_stored_photo(app: Flask) -> None:
    event = make_event(voter=VoterFactory(email="fontaine@example.org"))
    queue_auth_failure_alert(event)
    assert sorted(row.recipient for row in rows()) == [COMMISSIONER, "fontaine@example.org"]
    assert {row.attachment_path for row in rows()} == {event.snapshot_path}


def test_alert_of_an_unknown_voter_goes_to_the_commissioner_alone(app: Flask) -> None:
    queue_auth_failure_alert(make_event())
    assert [row.recipient for row in rows()] == [COMMISSIONER]


def test_commissioner_who_is_the_voter_gets_one_alert(app: Flask) -> None:
    queue_auth_failure_alert(make_event(voter=VoterFactory(email=COMMISSIONER.upper())))
    assert len(rows()) == 1


@pytest.mark.parametrize(("seconds", "expected"), [(1, 1), (59, 1), (61, 2)])
def test_at_most_one_alert_a_voter_a_minute_also_across_the_turn_of_a_minute(
    app: Flask, at: Any, seconds: int, expected: int
) -> None:
    queue_auth_failure_alert(make_event())
    at(CAST_AT + timedelta(seconds=seconds))
    queue_auth_failure_alert(make_event())
    assert len(rows()) == expected


def test_alert_about_another_voter_is_not_held_back(app: Flask, at: Any) -> None:
    queue_auth_failure_alert(make_event())
    queue_auth_failure_alert(make_event(voter_id_input="20480117"))
    assert len(rows()) == 2


def test_photo_given_as_bytes_is_kept_encrypted(app: Flask) -> None:
    send_auth_failure_alert([COMMISSIONER], "ALERT", "text", PHOTO)
    [row] = rows()
    assert row.attachment_path is not None
    assert row.attachment_path.startswith("fraud_attempts/")
    assert platform().storage.read(row.attachment_path) == PHOTO
    assert PHOTO not in (platform().settings.upload_folder / row.attachment_path).read_bytes()


@pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nBcc: all@example.org", "a@example.org, b@example.org"])
def test_unusable_address_is_noted_and_stops_no_vote(app: Flask, address: str) -> None:
    send_vote_confirmation(address, "Your vote has been recorded", "Dear …", "ref-1")
    [row] = rows()
    assert row.status is MailStatus.BOUNCED
    assert row.body is None
    assert "\n" not in row.recipient


@pytest.mark.commits
def test_two_refusals_at_the_same_moment_send_one_alert(committing_app: Flask) -> None:
    barrier = threading.Barrier(4)

    def refuse() -> None:
        with committing_app.app_context(), transaction():
            event = make_event()
            barrier.wait()
            queue_auth_failure_alert(event)

    threads = [threading.Thread(target=refuse) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows()) == 1


def test_alert_of_the_system_goes_to_the_commissioner_once_an_hour(app: Flask, at: Any) -> None:
    queue_system_alert("ALERT: 2 ballots were set aside", "They are:\n\n- 2: mac\n")
    at(CAST_AT + timedelta(minutes=30))
    queue_system_alert("ALERT: 2 ballots were set aside", "They are:\n\n- 2: mac\n")
    [row] = rows()
    assert (row.recipient, row.subject) == (COMMISSIONER, "ALERT: 2 ballots were set aside")
    assert row.body is not None
    assert open_body(row.body).text == "They are:\n\n- 2: mac\n"
    at(CAST_AT + timedelta(hours=1))
    queue_system_alert("ALERT: 2 ballots were set aside", "They are:\n\n- 2: mac\n")
    assert len(rows()) == 2
