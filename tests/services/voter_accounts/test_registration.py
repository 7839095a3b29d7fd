"""Registering: all or nothing, the same answer whether or not an address is known, codes that count once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from models import CodeUse, EmailMessage, OneTimeCode, Registration, db
from services import voter_accounts
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, TooMany, ValidationFailed
from services.pictures import PictureTooLarge
from services.voter_accounts import CodeState, Entries
from tests import factories
from tests.support import pictures
from tests.support.voter_accounts import (
    ADDRESS,
    ANYBODY,
    last_code,
    mails_to,
    register,
    text_of,
    typed,
    waiting,
    with_account,
)

pytestmark = pytest.mark.usefixtures("app")


def count(table):
    return db.session.scalar(select(func.count()).select_from(table))


def refused(photo=None, **changes):
    """Register with a mistake and return the sentences; nothing may be left."""
    before = count(Registration), count(EmailMessage), sum(1 for _ in platform().storage.files())
    values = typed(**changes)
    values["consent"] = bool(values["consent"])
    with pytest.raises(ValidationFailed) as error:
        voter_accounts.register(Entries(**values), photo, ANYBODY, ADDRESS)
    db.session.rollback()
    assert (count(Registration), count(EmailMessage), sum(1 for _ in platform().storage.files())) == before
    return error.value.fields


def test_with_a_good_photo_and_the_code_a_registration_waits_for_the_commission():
    row = waiting(voter_id="")
    assert (row.name, row.dob.isoformat(), row.email) == ("Rosa Demir", "1984-05-19", "rosa@example.org")
    assert row.confirmed_at is not None
    assert factories.PASSWORD not in row.password_hash
    assert platform().storage.read(row.photo_path).startswith(b"\xff\xd8")
    assert voter_accounts.waiting(1).rows == [row]


def test_without_the_code_nobody_sees_a_registration():
    register()
    assert voter_accounts.waiting_count() == 0


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        (None, "Add a photo"),
        (pictures.TEXT_AS_IMAGE, "not a picture"),
        (pictures.plain_picture(), "No face was found"),
        (pictures.face(faces=2), "There is more than one face in this photo. Only one person."),
    ],
    ids=["none", "text", "no face", "two people"],
)
def test_a_photo_that_cannot_be_used_leaves_nothing_and_says_what_to_change(photo, words):
    assert words in refused(photo)["photo"]


def test_every_gate_of_the_enrolment_has_words_for_a_photo():
    from services.face_service.quality import PROBLEMS
    from services.voter_accounts.registration import SEEN

    assert SEEN.keys() == PROBLEMS.keys()


def test_a_photo_that_is_too_large_leaves_nothing():
    with pytest.raises(PictureTooLarge):
        voter_accounts.register(Entries(**typed()), b"x" * pictures.TWENTY_MB, ANYBODY, ADDRESS)
    assert count(Registration) == 0


def test_all_wrong_entries_are_told_at_once():
    fields = refused(
        pictures.face(), name="", dob="32 1 1980", email="", voter_id="12345678", password="short", consent=""
    )  # fmt: skip
    assert fields.keys() == {"name", "dob", "email", "voter_id", "password", "consent"}
    assert refused(pictures.face(), password_again="another one")["password_again"]


def test_an_address_with_an_account_gets_a_mail_that_says_so_and_no_code_fits():
    voter = with_account(email="Rosa@example.org")
    ticket = register()
    assert count(Registration) == 0
    assert "There is an account with it already" in text_of(mails_to(voter.email)[-1])
    tries = [voter_accounts.confirm(ticket, "000000", ANYBODY) for _ in range(6)]
    assert [one.tries_left for one in tries] == [4, 3, 2, 1, 0, 0]
    assert voter_accounts.resend(CodeUse.REGISTER, ticket, ADDRESS)


def test_an_address_whose_registration_waits_is_known_too():
    waiting()
    register()
    assert (count(Registration), len(mails_to("rosa@example.org"))) == (1, 2)


def test_a_voter_of_the_roll_without_an_account_may_register():
    factories.VoterFactory(email="rosa@example.org")
    assert waiting().confirmed_at


def test_of_two_registrations_with_one_address_the_first_confirmed_waits():
    first, second = register(), register()
    assert voter_accounts.confirm(second, last_code("rosa@example.org"), ANYBODY).state is CodeState.GOOD
    row = db.session.scalar(select(OneTimeCode).where(OneTimeCode.used_at.is_(None)))
    assert row.registration.confirmed_at is None
    code = _code_of(first)
    with pytest.raises(Conflict):
        voter_accounts.confirm(first, code, ANYBODY)


def _code_of(ticket):
    voter_accounts.resend(CodeUse.REGISTER, ticket, ADDRESS)
    return last_code("rosa@example.org")


def test_a_code_is_good_once_for_ten_minutes_and_five_tries():
    ticket = register()
    code = last_code("rosa@example.org")
    with time_machine.travel(utc_now() + timedelta(minutes=10, seconds=1)):
        assert voter_accounts.confirm(ticket, code, ANYBODY).state is CodeState.OVER
        again = _code_of(ticket)
        wrong = f"{(int(again) + 1) % 10**6:06d}"
        states = [voter_accounts.confirm(ticket, wrong, ANYBODY).state for _ in range(5)]
        assert states == [CodeState.WRONG] * 5
        assert voter_accounts.confirm(ticket, again, ANYBODY).state is CodeState.OVER
        last = _code_of(ticket)
        assert not voter_accounts.resend(CodeUse.REGISTER, ticket, ADDRESS)
        assert voter_accounts.confirm(ticket, f" {last[:3]} {last[3:]} ", ANYBODY).state is CodeState.GOOD
        assert voter_accounts.confirm(ticket, last, ANYBODY).state is CodeState.OVER


def test_the_table_holds_neither_ticket_nor_code():
    ticket = register()
    code = last_code("rosa@example.org")
    row = db.session.scalar(select(OneTimeCode))
    import hashlib

    for text in (code, f"{ticket}/{code}", ticket + code):
        assert hashlib.sha256(text.encode()).digest() != row.code_hash
    assert ticket.encode() not in row.ticket_hash


def test_an_address_gets_five_codes_an_hour_at_most():
    for _ in range(5):
        register()
    with pytest.raises(TooMany):
        register()
    db.session.rollback()
    with time_machine.travel(utc_now() + timedelta(minutes=61)):
        assert register()


def test_a_code_that_never_came_back_takes_its_registration_and_photo_along_after_a_day():
    register()
    kept = waiting(email="other@example.org")
    path = db.session.scalar(select(Registration.photo_path).where(Registration.confirmed_at.is_(None)))
    with time_machine.travel(utc_now() + timedelta(hours=25)):
        voter_accounts.forget_old()
        db.session.commit()
    assert list(db.session.scalars(select(Registration))) == [kept]
    assert platform().storage.find(path) is None
    assert count(OneTimeCode) == 0
