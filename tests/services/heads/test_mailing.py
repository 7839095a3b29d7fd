"""Heads reach somebody outside: at opening, regularly while something happens, and at closing."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import inspect, select, text

from models import EmailMessage, HeadMail, MailOccasion, StaffRole, db, use_role
from services import elections, heads
from services.actor import SYSTEM
from services.clock import utc_now
from services.context import platform
from services.email_service.content import open_body
from tests.factories import StaffUserFactory, make_open_election
from tests.support.voting import seal_all

OPENING, RUNNING, CLOSING = MailOccasion


@pytest.fixture
def election(app):
    StaffUserFactory(role=StaffRole.OBSERVER, email="observer@example.org")
    StaffUserFactory(role=StaffRole.OFFICER, email="officer@example.org")
    return make_open_election(title="Choir: conductor")


def work(later=timedelta()):
    """Sign and mail as the worker does; return the occasions of the new mails."""
    with time_machine.travel(utc_now() + later), use_role("sealer"):
        known = len(db.session.scalars(select(HeadMail)).all())
        heads.sign_due_heads()
        heads.mail_due_heads()
        occasions = [mail.occasion for mail in db.session.scalars(select(HeadMail).order_by(HeadMail.id))]
        db.session.commit()
    return occasions[known:]


def write_a_row():
    db.session.execute(text("INSERT INTO audit_logs (event_type, actor) VALUES ('system:test:more', 'test')"))
    db.session.commit()


def mails():
    return list(db.session.scalars(select(EmailMessage).where(EmailMessage.kind == "signed_heads")))


def test_observers_get_the_heads_at_opening_with_all_that_a_check_needs(election):
    assert work() == [OPENING]
    assert work() == []

    (mail,) = mails()
    assert (mail.recipient, mail.subject) == ("observer@example.org", "Keep these heads: Choir: conductor")
    body = open_body(mail.body)
    for head in heads.newest_heads():
        for value in (head.head_hash.hex(), head.signature.hex(), heads.as_document(head)["made_at"]):
            assert value in body.text
            assert value in body.html


def test_the_mail_says_that_an_authority_is_asked_where_one_is(election, monkeypatch):
    settings = replace(platform().settings, timestamp_url="https://tsa.example.org/tsr")
    monkeypatch.setattr(platform(), "settings", settings)
    work()
    body = open_body(mails()[0].body)
    for words in (body.text, body.html):
        assert "tsa.example.org is asked for a stamp of each head" in words


def test_a_mail_follows_each_hour_when_something_was_recorded(election):
    work()
    assert work(timedelta(minutes=61)) == []
    write_a_row()
    assert work(timedelta(minutes=59)) == []
    write_a_row()
    assert work(timedelta(minutes=65)) == [RUNNING]
    assert len(mails()) == 2


def test_the_last_mail_comes_when_every_ballot_is_sealed(election):
    work()
    elections.close_election(elections.get_election(inspect(election).identity[0]), SYSTEM)
    db.session.commit()
    seal_all()
    assert work() == [CLOSING]
    assert work() == []
    assert any("This is the last mail of this election." in open_body(mail.body).text for mail in mails())


def test_without_an_observer_nothing_counts_as_mailed(app):
    make_open_election()
    assert work() == []
