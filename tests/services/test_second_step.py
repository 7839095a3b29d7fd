"""The second step of signing in: codes count once, within a minute and a half, and failures wait."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine
from sqlalchemy import select

from models import RecoveryCode, StaffUser, db, transaction
from services import accounts, second_step
from services.actor import Actor
from services.clock import utc_now
from services.errors import Conflict, ValidationFailed
from services.second_step import secret as secrets
from tests import factories

HERE = Actor("anonymous", ip="203.0.113.5")
ELSEWHERE = Actor("anonymous", ip="203.0.113.6")
NOON = datetime(2026, 3, 2, 12, 0, 10, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as moving:
        yield moving


def set_up(user):
    """Turn the second step of a user on, a minute ago; return the authenticator app and the recovery codes."""
    offered = second_step.offer(user.id)
    app = pyotp.TOTP(offered.secret)
    actor = Actor("admin", user.id, user.username)
    codes = second_step.confirm(user.id, offered.sealed, factories.PASSWORD, app.at(utc_now()), actor)
    user.totp_last_step = None
    db.session.commit()
    return app, codes


@pytest.fixture
def user(app, clock):
    return factories.StaffUserFactory()


@pytest.fixture
def phone(user):
    return set_up(user)[0]


@pytest.mark.parametrize(("seconds", "good"), [(0, True), (-30, True), (30, True), (-60, False), (60, False)])
def test_a_code_is_good_one_step_before_and_after(user, phone, seconds, good):
    code = phone.at(utc_now() + timedelta(seconds=seconds))
    assert second_step.check(user, code, HERE).passed is good


def test_the_codes_are_those_of_the_standard(app):
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B, SHA-1; the last 6 of 8 digits
    for moment, code in ((59, "287082"), (1111111109, "081804"), (2000000000, "279037")):
        assert secrets.step_of(code, secret, datetime.fromtimestamp(moment, UTC)) == moment // 30


def test_a_used_code_and_the_one_before_are_good_no_more(user, phone):
    now = phone.at(utc_now())
    assert second_step.check(user, now, HERE).passed
    assert not second_step.check(user, now, HERE).passed
    assert not second_step.check(user, phone.at(utc_now() - timedelta(seconds=30)), HERE).passed


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12 34", "-12345"])
def test_what_is_no_code_is_refused(user, phone, code):
    assert not second_step.check(user, code, HERE).passed


def test_five_wrong_codes_wait_and_the_right_password_does_not_start_afresh(user, phone, clock):
    for _number in range(5):
        second_step.check(user, "000000", HERE)
        assert accounts.authenticate(user.username, factories.PASSWORD, HERE).user is user
    waiting = second_step.check(user, phone.at(utc_now()), HERE)

    assert not waiting.passed
    assert waiting.retry_after == timedelta(minutes=15)
    assert second_step.check(user, phone.at(utc_now()), ELSEWHERE).passed
    clock.shift(timedelta(minutes=15, seconds=1))
    assert second_step.check(user, phone.at(utc_now()), HERE).passed


def test_twenty_wrong_codes_from_many_addresses_wait_everywhere(user, phone):
    for number in range(20):
        second_step.check(user, "000000", Actor("anonymous", ip=f"203.0.113.{number // 4}"))
    assert second_step.check(user, phone.at(utc_now()), Actor("anonymous", ip="198.51.100.9")).retry_after


def test_a_recovery_code_works_once_and_is_stored_as_a_hash(user):
    _phone, codes = set_up(user)
    stored = db.session.scalars(select(RecoveryCode.code_hash).where(RecoveryCode.staff_user_id == user.id)).all()
    typed = codes[0].upper().replace("-", " ")

    assert len(set(codes)) == 10
    assert all(code.encode() not in row for code in codes for row in stored)
    assert second_step.check(user, typed, HERE).recovery_left == 9
    assert not second_step.check(user, typed, HERE).passed
    assert second_step.left(user) == 9


def test_recovery_codes_of_somebody_else_are_refused(user):
    set_up(user)
    _phone, codes = set_up(factories.StaffUserFactory())
    assert not second_step.check(user, codes[0], HERE).passed


def test_new_recovery_codes_replace_the_old_ones(user):
    _phone, old = set_up(user)
    wrong = second_step.new_recovery_codes(user.id, "wrong", HERE)
    new = second_step.new_recovery_codes(user.id, factories.PASSWORD, HERE)

    assert isinstance(wrong, second_step.Refused)
    assert not second_step.check(user, old[0], HERE).passed
    assert second_step.check(user, new[0], HERE).passed


def test_the_stored_secret_is_encrypted_and_cannot_be_moved_to_another_account(user, phone):
    other = factories.StaffUserFactory(totp_secret=user.totp_secret)
    assert phone.secret.encode() not in user.totp_secret
    assert not second_step.check(other, phone.at(utc_now()), HERE).passed


def test_nothing_counts_before_a_code_confirms_it(user):
    offered = second_step.offer(user.id)
    with pytest.raises(ValidationFailed):
        second_step.confirm(user.id, offered.sealed, factories.PASSWORD, "000000", HERE)
    assert not second_step.has_one(user)


def test_the_setup_of_another_person_or_of_an_hour_ago_is_refused(user, clock):
    offered, foreign = second_step.offer(user.id), second_step.offer(user.id + 1)
    assert second_step.reopen(user.id, foreign.sealed) is None
    clock.shift(timedelta(hours=1))
    assert second_step.reopen(user.id, offered.sealed) is None


def test_turning_it_off_needs_password_and_code(user, phone):
    code = phone.at(utc_now())
    assert second_step.disable(user.id, "wrong", code, HERE).field == "password"
    assert second_step.disable(user.id, factories.PASSWORD, "000000", HERE).field == "code"
    assert second_step.disable(user.id, factories.PASSWORD, code, HERE) is None
    assert not second_step.has_one(user)
    assert second_step.left(user) == 0


def test_the_operator_takes_it_away(user, phone):
    second_step.reset(user.username, Actor("operator", name="operator"))
    assert not second_step.has_one(user)
    with pytest.raises(Conflict):
        second_step.reset(user.username, Actor("operator", name="operator"))


@pytest.mark.commits
@pytest.mark.parametrize("kind", ["code", "recovery"])
def test_of_two_requests_with_one_code_one_passes(committing_app, kind):
    user = factories.StaffUserFactory()
    phone, codes = set_up(user)
    user_id, code = user.id, phone.now() if kind == "code" else codes[0]

    def sign_in(number):
        with committing_app.app_context(), transaction():
            found = db.session.get_one(StaffUser, user_id)
            return second_step.check(found, code, Actor("anonymous", ip=f"203.0.113.{number}")).passed

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(sign_in, range(2))) == [False, True]
