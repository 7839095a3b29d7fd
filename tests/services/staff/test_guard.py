"""Roles and access: nobody takes the last admin away, not even two at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from models import AuditLog, StaffRole, StaffSession, StaffUser, db, transaction
from services import accounts, membership, staff
from services.actor import Actor
from services.errors import Conflict, DomainError, Forbidden
from services.staff import LastAdmin
from tests import factories

OPERATOR = Actor("operator", name="operator")


def acting(user):
    return Actor(user.role.value, user.id, user.username, "127.0.0.1")


@pytest.fixture
def admin(app):
    return factories.StaffUserFactory()


def last_row(event_type):
    return db.session.scalars(
        select(AuditLog).where(AuditLog.event_type == event_type).order_by(AuditLog.id.desc())
    ).first()


def test_deactivating_ends_the_sessions_and_stands_in_the_audit_log(admin):
    officer = factories.StaffUserFactory(role=StaffRole.OFFICER)
    token = accounts.start_session(officer, acting(officer))
    staff.deactivate(officer.id, acting(admin))

    ended = db.session.scalars(select(StaffSession.ended_at).where(StaffSession.staff_user_id == officer.id)).all()
    row = last_row("staff:account:deactivated")
    assert accounts.find_session(token) is None
    assert None not in ended
    assert (row.actor, row.details["before"], row.details["after"]) == (admin.username, "active", "deactivated")


def test_who_comes_back_signs_in_anew(admin):
    officer = factories.StaffUserFactory(role=StaffRole.OFFICER)
    token = accounts.start_session(officer, acting(officer))
    staff.deactivate(officer.id, acting(admin))
    staff.reactivate(officer.id, acting(admin))

    assert officer.is_active
    assert accounts.find_session(token) is None


def test_nobody_takes_the_own_access_or_role(admin):
    factories.StaffUserFactory()
    with pytest.raises(Conflict):
        staff.deactivate(admin.id, acting(admin))
    with pytest.raises(Conflict):
        staff.change_role(admin.id, StaffRole.OFFICER, acting(admin))


def test_the_last_active_admin_stays_one(admin):
    factories.StaffUserFactory(is_active=False)
    with pytest.raises(LastAdmin):
        staff.deactivate(admin.id, OPERATOR)
    with pytest.raises(LastAdmin):
        staff.change_role(admin.id, StaffRole.OBSERVER, OPERATOR)


def test_a_new_role_ends_the_sessions_and_is_told_with_before_and_after(admin):
    other = factories.StaffUserFactory()
    token = accounts.start_session(other, acting(other))
    staff.change_role(other.id, StaffRole.OBSERVER, acting(admin))

    row = last_row("staff:account:role_changed")
    assert accounts.find_session(token) is None
    assert (row.details["before"], row.details["after"]) == ("admin", "observer")


def test_an_admin_whose_own_access_went_meanwhile_changes_nothing(admin):
    other = factories.StaffUserFactory()
    factories.StaffUserFactory()
    staff.deactivate(admin.id, acting(other))
    with pytest.raises(Forbidden):
        staff.deactivate(other.id, acting(admin))


@pytest.mark.commits
def test_two_admins_who_deactivate_each_other_at_once_leave_one(committing_app):
    first, second = (acting(factories.StaffUserFactory()) for _number in range(2))

    def deactivate(pair):
        with committing_app.app_context():
            try:
                with transaction():
                    staff.deactivate(pair[1].id, pair[0])
            except DomainError as error:
                return error.code
            return "done"

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(deactivate, [(first, second), (second, first)]))

    active = db.session.scalars(select(StaffUser.id).where(StaffUser.is_active)).all()
    assert answers in (["done", "forbidden"], ["done", "last_admin"])
    assert len(active) == 1


def test_the_last_admin_of_an_election_stays_on_its_list(admin):
    election = factories.ElectionFactory(staff=[admin])
    officer = factories.StaffUserFactory(role=StaffRole.OFFICER, on_lists=False)
    staff.add(election, officer.id, acting(admin))
    with pytest.raises(Conflict):
        staff.remove(election, admin.id, acting(admin))
    staff.remove(election, officer.id, acting(admin))

    assert staff.listed(election) == [admin]
    assert last_row("staff:election_staff:removed").details["username"] == officer.username


def test_an_election_whose_only_admin_goes_is_told_of(admin):
    other = factories.StaffUserFactory(on_lists=False)
    election = factories.ElectionFactory(staff=[other])
    staff.deactivate(other.id, acting(admin))

    assert staff.without_admin(other) == 1
    membership.join(election.id, admin.id)
    assert staff.without_admin(other) == 0
