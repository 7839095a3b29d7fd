"""The worker asks a real authority on this machine, also one that is slow, broken, lying or gone."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
import trustme
from sqlalchemy import select, text

from models import HeadKind, SignedHead, StaffRole, StampFailure, TimeStamping, db, transaction, use_role
from services import elections, heads, health
from services.actor import SYSTEM
from services.clock import utc_now
from services.context import platform
from services.heads import authority as asking
from tests.factories import make_open_election
from tests.support.timestamping import Issuer, Question, certify, running_authority, send
from tests.support.voting import seal_all

AUDIT, BALLOTS = HeadKind


def trust(monkeypatch, tmp_path, root, address):
    file = tmp_path / "root.pem"
    file.write_bytes(root.pem)
    settings = replace(platform().settings, timestamp_url=address, timestamp_ca=file)
    monkeypatch.setattr(platform(), "settings", settings)


@pytest.fixture
def authority(app, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with running_authority() as running:
        trust(monkeypatch, tmp_path, running.root, running.address)
        yield running


@pytest.fixture
def election(app):
    election = make_open_election()
    sign()
    return election


def sign():
    with use_role("sealer"), transaction():
        heads.sign_due_heads()


def stamp():
    with use_role("sealer"):
        return heads.stamp_due_heads(transaction)


def stamped():
    return [head.stamped_by for head in db.session.scalars(select(SignedHead).order_by(SignedHead.id))]


def state():
    return db.session.get(TimeStamping, True, populate_existing=True)


def test_each_head_is_stamped_once_by_the_worker(authority, election):
    assert (stamp(), stamp()) == (2, 0)
    assert stamped() == ["Clock of Larkmoor"] * 2
    assert len(authority.asked) == 2
    assert (state().failures, state().failure) == (0, None)
    for head in db.session.scalars(select(SignedHead)):
        assert heads.stamp_problem(head) is None
        assert abs(head.stamped_at - head.made_at) < timedelta(minutes=5)


def test_without_the_setting_nobody_is_asked(app, election):
    assert stamp() == 0
    with time_machine.travel(utc_now() + timedelta(hours=1)):
        assert heads.waiting_words() is None


def test_opening_and_closing_are_stamped_surely_and_between_them_the_newest(authority, election):
    began = utc_now()
    for minutes in (6, 12, 18):
        with time_machine.travel(began + timedelta(minutes=minutes)):
            db.session.execute(text("INSERT INTO audit_logs (event_type, actor) VALUES ('system:test:more', 'test')"))
            db.session.commit()
            sign()
    with time_machine.travel(began + timedelta(minutes=20)):
        elections.close_election(db.session.merge(election), SYSTEM)
        db.session.commit()
        seal_all()
        sign()
        assert (stamp(), stamp()) == (4, 0)
    made = list(db.session.scalars(select(SignedHead).order_by(SignedHead.id)))
    assert [(head.kind, head.closing, head.stamped_at is not None) for head in made] == [
        (BALLOTS, False, True),
        *[(AUDIT, False, False)] * 3,
        (AUDIT, False, True),
        (BALLOTS, True, True),
        (AUDIT, True, True),
    ]


def lie(signer="", hours=0, **other):
    """Answer as somebody else, at another time, or to a question that was not put."""

    def behave(authority, request, handler):
        question = replace(Question.of(request), **other)
        issuer = {
            "foreign": lambda: Issuer(certify("Stranger", FOREIGN), (FOREIGN,)),
            "expired": lambda: Issuer(certify("Old clock", authority.root, days=(-9, -1))),
        }.get(signer, lambda: authority.issuer)()
        send(handler, issuer.answer(question, utc_now() - timedelta(hours=hours)))

    return behave


FOREIGN = certify("Foreign root", authority=True)


def drip(_authority, _request, handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b"0")
        handler.wfile.flush()
        time.sleep(0.05)


def silent(_authority, _request, _handler):
    time.sleep(1)


WRONG = {
    "silent": (silent, StampFailure.SLOW),
    "drips": (drip, StampFailure.SLOW),
    "500": (lambda _authority, _request, handler: send(handler, b"", 500), StampFailure.REFUSED),
    "302": (lambda _authority, _request, handler: send(handler, b"", 302), StampFailure.REFUSED),
    "no HTTP": (
        lambda _authority, _request, handler: handler.wfile.write(b"220 smtp\r\n\r\n"),
        StampFailure.UNREADABLE,
    ),
    "garbage": (lambda _authority, _request, handler: send(handler, b"<html>"), StampFailure.UNREADABLE),
    "huge": (lambda _authority, _request, handler: send(handler, bytes(200_000)), StampFailure.UNREADABLE),
    "another nonce": (lie(nonce=5), StampFailure.OTHER),
    "another imprint": (lie(imprint=bytes(32)), StampFailure.OTHER),
    "another authority": (lie("foreign"), StampFailure.UNTRUSTED),
    "expired": (lie("expired"), StampFailure.UNTRUSTED),
    "a clock an hour late": (lie(hours=1), StampFailure.CLOCK),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_wrong_answer_is_not_stored_and_the_next_try_waits(authority, election, monkeypatch, how):
    authority.behave, failure = WRONG[how]
    if failure is StampFailure.SLOW:  # a busy machine is late with the other answers too
        monkeypatch.setattr(asking, "TIMEOUT_SECONDS", 0.3)
        monkeypatch.setattr(asking, "LONGEST_SECONDS", 0.3)

    assert stamp() == 0
    assert stamped() == [None, None]
    assert (state().failures, state().failure) == (1, failure)
    asked = len(authority.asked)
    assert (stamp(), len(authority.asked)) == (0, asked)

    authority.behave = None
    with time_machine.travel(utc_now() + timedelta(seconds=11)):
        assert stamp() == 2
    assert state().failures == 0


def test_pauses_grow_to_a_quarter_of_an_hour_and_people_are_told(authority, election, sign_in):
    authority.behave = WRONG["500"][0]
    pauses, now = [], utc_now()
    for _ in range(9):
        with time_machine.travel(now, tick=False):
            stamp()
            pauses.append(int((state().next_try_at - now).total_seconds()))
        now += timedelta(seconds=pauses[-1] + 1)
    assert pauses == [10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert heads.waiting_words() is None
    with time_machine.travel(now):
        words = heads.waiting_words()
        assert words in health.readiness().warnings
        assert words in sign_in(StaffRole.ADMIN).get("/admin/").text
    assert words.startswith("The time-stamping authority 127.0.0.1 refuses to stamp. 2 signed heads have waited since ")


def test_an_authority_that_is_gone_does_not_stop_signing(authority, election, monkeypatch):
    settings = replace(platform().settings, timestamp_url="http://127.0.0.1:1/")
    monkeypatch.setattr(platform(), "settings", settings)
    assert stamp() == 0
    assert state().failure is StampFailure.UNREACHABLE
    make_open_election()
    sign()
    assert len(stamped()) > 2


def test_an_authority_is_reached_by_https_whose_certificate_is_checked(app, election, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    tls = trustme.CA()
    with running_authority(tls) as running:
        trust(monkeypatch, tmp_path, running.root, running.address)
        assert stamp() == 0
        assert state().failure is StampFailure.UNREACHABLE
        tls.cert_pem.write_to_path(tmp_path / "tls.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
        with time_machine.travel(utc_now() + timedelta(seconds=11)):
            assert stamp() == 2
