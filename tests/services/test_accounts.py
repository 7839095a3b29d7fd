"""Staff accounts: tries, waiting, sessions."""

from __future__ import annotations

import threading
from datetime import timedelta

import bcrypt
import pytest
from sqlalchemy import func, select

from models import AuditLog, LoginFailure, StaffRole, StaffSession, StaffUser, db
from services import accounts
from services.actor import SYSTEM, Actor
from services.clock import utc_now
from services.errors import Conflict, NotFound, ValidationFailed
from tests import factories
from tests.factories import PASSWORD

HERE = Actor(role="anonymous", ip="198.51.100.1")
ELSEWHERE = Actor(role="anonymous", ip="198.51.100.2")


@pytest.fixture
def user(app):
    return factories.StaffUserFactory(role=StaffRole.OFFICER)


def fail(user, times, actor=HERE):
    for _ in range(times):
        assert accounts.authenticate(user.username, "wrong", actor).user is None


def failures():
    return db.session.scalar(select(func.count()).select_from(LoginFailure))


def audited(event_type):
    return db.session.scalars(select(AuditLog).where(AuditLog.event_type == event_type)).all()


def test_the_right_password_gives_the_person(user):
    assert accounts.authenticate(user.username, PASSWORD, HERE).user == user


def test_a_failure_is_written_down_with_the_name_and_without_the_password(user):
    fail(user, 1)
    (row,) = audited("staff:session:refused")
    assert row.details == {"username": user.username}
    assert "wrong" not in str(row.details)
    assert failures() == 1


def test_after_five_failures_the_address_waits_and_the_wait_is_written_down(user):
    fail(user, 5)
    outcome = accounts.authenticate(user.username, PASSWORD, HERE)
    assert outcome.user is None
    assert timedelta(minutes=14) < outcome.retry_after <= timedelta(minutes=15)
    assert len(audited("staff:session:delayed")) == 1
    assert failures() == 5


def test_waiting_costs_no_work_of_bcrypt(user, monkeypatch):
    fail(user, 5)
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: pytest.fail("bcrypt was asked"))
    assert accounts.authenticate(user.username, PASSWORD, HERE).retry_after is not None


def test_another_address_and_another_account_do_not_wait(user):
    fail(user, 5)
    other = factories.StaffUserFactory()
    assert accounts.authenticate(user.username, PASSWORD, ELSEWHERE).user == user
    assert accounts.authenticate(other.username, PASSWORD, HERE).user == other


def test_without_an_address_the_failures_are_counted_together(user):
    nowhere = Actor(role="anonymous")
    fail(user, 5, nowhere)
    assert accounts.authenticate(user.username, PASSWORD, nowhere).retry_after is not None


def test_four_failures_are_forgotten_by_a_success(user):
    fail(user, 4)
    assert accounts.authenticate(user.username, PASSWORD, HERE).user == user
    assert failures() == 0
    fail(user, 4)
    assert accounts.authenticate(user.username, PASSWORD, HERE).user == user


def test_the_wait_ends_after_a_quarter_of_an_hour(user):
    fail(user, 5)
    for row in db.session.scalars(select(LoginFailure)):
        row.created_at = utc_now() - timedelta(minutes=15, seconds=1)
    db.session.flush()
    assert accounts.authenticate(user.username, PASSWORD, HERE).user == user


def test_a_very_long_name_is_counted_and_waits(app):
    name = "n" * 5000
    for _ in range(5):
        accounts.authenticate(name, "x", HERE)
    assert accounts.authenticate(name, "x", HERE).retry_after is not None


def test_an_unknown_and_a_deactivated_name_cost_one_check_of_bcrypt(user, monkeypatch):
    from services.security import passwords

    user.is_active = False
    db.session.flush()
    passwords._decoy(passwords.COST)
    calls = []
    check = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda *some: calls.append(some) or check(*some))
    for name in ("nobody", user.username):
        calls.clear()
        outcome = accounts.authenticate(name, PASSWORD, HERE)
        assert (outcome.user, outcome.message) == (None, "That user name and password do not match.")
        assert len(calls) == 1


@pytest.mark.usefixtures("full_password_cost")
def test_a_plain_hash_is_made_again_with_the_pre_hash_at_the_first_sign_in(user):
    user.password_hash = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    db.session.flush()
    fail(user, 1)
    assert user.password_hash.startswith("$2b$04$")
    assert accounts.authenticate(user.username, PASSWORD, HERE).user == user
    assert user.password_hash.startswith("sha256+$2b$12$")
    assert accounts.authenticate(user.username, PASSWORD, HERE).user == user


@pytest.mark.commits
def test_many_tries_at_once_are_no_more_than_five(committing_app):
    name = factories.StaffUserFactory().username
    db.session.remove()
    outcomes, start = [], threading.Barrier(8)

    def attempt():
        with committing_app.app_context():
            start.wait(120)
            outcomes.append(accounts.authenticate(name, "wrong", HERE))
            db.session.commit()
            db.session.remove()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(outcome.retry_after is not None for outcome in outcomes) == [False] * 5 + [True] * 3
    assert failures() == 5


def test_unlocking_forgets_the_failures_from_every_address_and_is_audited(user):
    fail(user, 5)
    fail(user, 5, ELSEWHERE)
    assert accounts.unlock(user.username, SYSTEM) == 10
    assert accounts.authenticate(user.username, PASSWORD, HERE).user == user
    assert audited("staff:account:unlocked")[0].details == {"username": user.username, "count": 10}


def test_who_is_not_there_cannot_be_unlocked(app):
    with pytest.raises(NotFound):
        accounts.unlock("nobody", SYSTEM)


def test_the_password_is_confirmed_for_its_owner_only_and_failures_count(user):
    assert accounts.confirm_password(user.id, PASSWORD, HERE) is True
    for _ in range(5):
        assert accounts.confirm_password(user.id, "wrong", HERE) is False
    assert accounts.confirm_password(user.id, PASSWORD, HERE) is False


def test_a_new_staff_member_has_a_long_password_and_a_name_of_their_own(app):
    made = accounts.create_staff("vera", PASSWORD, StaffRole.OBSERVER, SYSTEM, "vera@example.org")
    assert (made.role, made.email) == (StaffRole.OBSERVER, "vera@example.org")
    assert PASSWORD not in made.password_hash
    assert audited("staff:account:created")[0].details == {"username": "vera", "role": "observer"}
    with pytest.raises(Conflict):
        accounts.create_staff("vera", PASSWORD, StaffRole.ADMIN, SYSTEM)
    with pytest.raises(ValidationFailed):
        accounts.create_staff("short", "123456789", StaffRole.ADMIN, SYSTEM)
    assert db.session.scalar(select(func.count()).select_from(StaffUser).where(StaffUser.username == "short")) == 0


def test_a_session_is_found_by_its_token_and_by_nothing_else(user):
    token = accounts.start_session(user, HERE)
    found = accounts.find_session(token)
    assert (found.staff_user, found.ip_address) == (user, HERE.ip)
    assert user.last_login_at is not None
    stored = found.token_hash.hex()
    for other in ("", token[:-1], token + "=", stored, "x" * 1000):
        assert accounts.find_session(other) is None


def test_a_session_ends_once_and_takes_no_other_along(user):
    first, second = accounts.start_session(user, HERE), accounts.start_session(user, HERE)
    accounts.end_session(accounts.find_session(first).id, HERE)
    assert accounts.find_session(first) is None
    assert accounts.find_session(second) is not None


def test_the_desk_remembers_the_election_for_one_session(user, open_election):
    one, other = (accounts.find_session(accounts.start_session(user, HERE)) for _ in range(2))
    accounts.select_election(one.id, open_election.id)
    db.session.flush()
    chosen = {row.id: row.election_id for row in db.session.scalars(select(StaffSession))}
    assert chosen == {one.id: open_election.id, other.id: None}
