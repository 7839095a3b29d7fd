"""Candidates and others outside get heads by mail once the address is confirmed, until they or the election end it."""

import re
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, inspect, select

from models import AuditLog, EmailMessage, HeadSubscription, db, use_role
from services import elections, heads
from services.actor import SYSTEM, Actor
from services.clock import utc_now
from services.context import platform
from services.email_service.content import open_body
from services.email_service.mime import OutgoingMail
from services.errors import Conflict, ValidationFailed
from services.heads import ConfirmationState, subscriptions
from tests.factories import VoterFactory, make_open_election
from tests.support.voting import seal_all

PAGE = "https://vote.example.org/verify/mail/confirm"
NOBODY = Actor("anonymous")


@pytest.fixture
def election(app, monkeypatch):
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, public_url="https://vote.example.org"))
    return make_open_election(title="Choir: conductor")


def bodies(kind):
    rows = db.session.scalars(select(EmailMessage).where(EmailMessage.kind == kind).order_by(EmailMessage.created_at))
    return [open_body(row.body) for row in rows]


def add(election, name="Rosa Demir", email="rosa@example.org"):
    made = heads.subscribe(election, name, email, SYSTEM, PAGE)
    db.session.commit()
    return made


def token_of(body):
    return re.search(r"token=(\S+)", body.text)[1]


def work(later=timedelta()):
    with time_machine.travel(utc_now() + later), use_role("sealer"):
        heads.sign_due_heads()
        mailed = heads.mail_due_heads()
        db.session.commit()
    return mailed


def left():
    return db.session.scalar(select(func.count()).select_from(HeadSubscription))


def test_heads_come_only_after_the_address_was_confirmed_and_the_link_works_once(election):
    add(election)
    assert work() == 0
    token = token_of(bodies("head_confirmation")[0])

    state, found = heads.confirm(token, NOBODY)
    assert (state, found.name) == (ConfirmationState.GOOD, "Rosa Demir")
    assert heads.confirm(token, NOBODY) == (ConfirmationState.USED, None)
    db.session.commit()
    assert work() == 1
    assert bodies("signed_heads")[0].stop.startswith("https://vote.example.org/verify/mail/stop?token=")


def test_a_link_that_is_old_replaced_or_made_up_confirms_nothing(election):
    made = add(election)
    first = token_of(bodies("head_confirmation")[0])
    with time_machine.travel(utc_now() + timedelta(days=8)):
        assert heads.confirm(first, NOBODY) == (ConfirmationState.EXPIRED, None)
        heads.ask_again(election, made.id, SYSTEM, PAGE)
        assert heads.confirm(first, NOBODY) == (ConfirmationState.UNKNOWN, None)
    assert heads.confirm("made up", NOBODY) == (ConfirmationState.UNKNOWN, None)
    assert made.confirmed_at is None


def test_the_link_of_a_mail_ends_the_mails_at_one_click_and_a_second_one_changes_nothing(election):
    add(election)
    heads.confirm(token_of(bodies("head_confirmation")[0]), NOBODY)
    db.session.commit()
    work()
    body = bodies("signed_heads")[0]
    mime = OutgoingMail(
        mail_id=uuid.uuid4(), sender="a@example.org", recipient="rosa@example.org", subject="x", body=body, photo=None,
        date=utc_now(),
    ).as_bytes()  # fmt: skip
    assert b"List-Unsubscribe: <https://vote.example.org/verify/mail/stop?token=" in mime
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in mime

    token = body.stop.partition("token=")[2]
    assert heads.stop(token, NOBODY)
    assert heads.stop(token, NOBODY)
    assert not heads.stop(token + "x", NOBODY)
    assert left() == 0


def test_the_mails_end_with_the_last_heads_of_the_election(election):
    add(election)
    heads.confirm(token_of(bodies("head_confirmation")[0]), NOBODY)
    add(election, "Somebody Else", "never@example.org")
    db.session.commit()
    work()
    elections.close_election(elections.get_election(inspect(election).identity[0]), SYSTEM)
    db.session.commit()
    seal_all()
    assert work() == 1
    assert left() == 0
    last = bodies("signed_heads")[-1]
    assert "This is the last mail of this election." in last.text
    assert last.stop is None
    with pytest.raises(Conflict, match="This election is over"):
        add(elections.get_election(inspect(election).identity[0]))


def test_an_address_is_entered_once_and_a_voters_is_treated_as_any_other(election):
    VoterFactory(email="voter@example.org")
    add(election)
    add(election, "A Voter", "voter@example.org")
    for email in ("ROSA@example.org", "nobody", ""):
        with pytest.raises(ValidationFailed) as refused:
            heads.subscribe(election, "Rosa Demir", email, SYSTEM, PAGE)
        assert list(refused.value.fields) == ["email"]


def test_a_mailbox_is_not_filled_by_asking_again_and_a_list_has_an_end(election, monkeypatch):
    made = add(election)
    with pytest.raises(Conflict, match="Wait ten minutes"):
        heads.ask_again(election, made.id, SYSTEM, PAGE)
    monkeypatch.setattr(subscriptions, "MOST", 1)
    with pytest.raises(Conflict, match="which is the most"):
        add(election, "One More", "more@example.org")


def test_the_audit_log_names_who_and_never_an_address(election):
    made = add(election)
    heads.confirm(token_of(bodies("head_confirmation")[0]), NOBODY)
    heads.remove(election, made.id, SYSTEM)
    db.session.flush()
    rows = list(db.session.scalars(select(AuditLog).where(AuditLog.event_type.contains(":head_mail:"))))
    assert [row.event_type.split(":")[2] for row in rows] == ["added", "confirmed", "removed"]
    assert all(row.details["name"] == "Rosa Demir" and "@" not in str(row.details) for row in rows)
