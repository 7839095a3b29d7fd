"""Dangerous acts under four eyes: who asks, who confirms, what becomes of it, and what stands in the audit log."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from models import (
    Approval,
    ApprovalOutcome,
    AuditLog,
    Election,
    ElectionStaff,
    ElectionStatus,
    LoginFailure,
    StaffRole,
    db,
    use_role,
)
from services import approvals, elections, staff
from services.actor import SYSTEM, Actor
from services.approvals import CLOSE_EARLY, RESET, people
from services.clock import utc_now
from services.errors import Conflict, NotFound, ValidationFailed
from tests import factories
from tests.factories import PASSWORD
from tests.support.approvals import WHY, actor_of


@pytest.fixture
def admin(app):
    return actor_of(factories.StaffUserFactory())


@pytest.fixture
def officer(app):
    return actor_of(factories.StaffUserFactory(role=StaffRole.OFFICER))


@pytest.fixture
def asked(open_election, admin, officer):
    return approvals.request(CLOSE_EARLY, open_election, {}, WHY, admin)


def events(action):
    return db.session.scalars(select(AuditLog).where(AuditLog.event_type == f"staff:approval:{action}")).all()


def test_asking_changes_nothing_but_the_list_of_what_waits(asked, open_election, admin, officer):
    assert open_election.status is ElectionStatus.ACTIVE
    assert approvals.pending_for(officer) == [asked]
    assert approvals.pending_for(admin) == []
    assert events("requested")[0].details == {"act": CLOSE_EARLY, "subject_id": asked.id, "reason": WHY}


def test_the_other_person_performs_it_with_both_names_and_the_reason_in_the_audit_log(asked, open_election, officer):
    outcome = approvals.confirm(asked.id, officer)
    assert (outcome.kind, open_election.status) == ("done", ElectionStatus.CLOSED)
    (row,) = events("performed")
    assert row.actor == officer.name
    assert row.details == {
        "act": CLOSE_EARLY, "subject_id": asked.id, "reason": WHY, "requested_by": asked.requester.username,
        "confirmed_by": officer.name, "before": {"status": "active"}, "after": {"status": "closed"},
    }  # fmt: skip


def test_who_asked_cannot_confirm(asked, open_election, admin):
    assert approvals.confirm(asked.id, admin).kind == "own"
    assert approvals.reject(asked.id, admin).kind == "own"
    assert open_election.status is ElectionStatus.ACTIVE


def test_the_table_refuses_one_person_in_both_places(asked):
    done = "outcome = 'done', performed_at = now(), ended_at = now(), confirmed_by = requested_by"
    with pytest.raises(IntegrityError, match="two_people"), db.session.begin_nested():
        db.session.execute(text(f"UPDATE approvals SET {done} WHERE id = {asked.id}"))


@pytest.mark.parametrize("change", ["reason = 'Another'", "payload = '{\"a\": 1}'", "expires_at = now()"])
def test_what_was_asked_for_never_changes(asked, change):
    db.session.commit()
    with use_role("owner"), pytest.raises(DBAPIError, match="do not change"), db.session.begin_nested():
        db.session.execute(text(f"UPDATE approvals SET {change}"))


def test_an_observer_neither_sees_nor_confirms(asked):
    observer = actor_of(factories.StaffUserFactory(role=StaffRole.OBSERVER))
    assert approvals.pending_for(observer) == []
    assert approvals.confirm(asked.id, observer).kind == "not_yours"
    assert approvals.reject(asked.id, observer).kind == "not_yours"


def test_after_ten_minutes_it_is_expired_and_nothing_is_done(asked, open_election, officer):
    with time_machine.travel(utc_now() + timedelta(minutes=10, seconds=1), tick=False):
        assert approvals.state_of(asked) is ApprovalOutcome.EXPIRED
        assert approvals.pending_for(officer) == []
        assert approvals.confirm(asked.id, officer).kind == "expired"
    assert (asked.outcome, open_election.status) == (ApprovalOutcome.EXPIRED, ElectionStatus.ACTIVE)
    assert len(events("expired")) == 1


def test_the_worker_writes_down_what_ran_out(asked):
    assert approvals.expire_due(SYSTEM) == 0
    with time_machine.travel(utc_now() + timedelta(minutes=11), tick=False):
        assert approvals.expire_due(SYSTEM) == 1
    assert asked.outcome is ApprovalOutcome.EXPIRED


def test_it_is_checked_again_when_it_is_confirmed(asked, open_election, officer):
    elections.close_election(open_election, SYSTEM)
    outcome = approvals.confirm(asked.id, officer)
    assert (outcome.kind, outcome.message) == ("refused", "Only an open election can be closed.")
    assert asked.outcome is ApprovalOutcome.WAITING
    assert len(events("refused")) == 1


def test_the_second_person_rejects_with_a_note(asked, officer, open_election):
    assert approvals.reject(asked.id, officer, "Not before eight.").kind == "rejected"
    assert approvals.confirm(asked.id, officer).kind == "over"
    assert open_election.status is ElectionStatus.ACTIVE
    assert events("rejected")[0].details["note"] == "Not before eight."


def test_only_who_asked_withdraws(asked, admin, officer):
    assert approvals.withdraw(asked.id, officer).kind == "not_yours"
    assert approvals.withdraw(asked.id, admin).kind == "withdrawn"
    assert approvals.confirm(asked.id, officer).kind == "over"


def test_one_request_waits_for_an_act_and_who_asks_again_replaces_the_own(asked, open_election, admin, officer):
    with pytest.raises(Conflict, match="asked for this already"):
        approvals.request(CLOSE_EARLY, open_election, {}, WHY, actor_of(factories.StaffUserFactory()))
    second = approvals.request(CLOSE_EARLY, open_election, {}, "Flood", admin)
    assert asked.outcome is ApprovalOutcome.WITHDRAWN
    assert approvals.request(RESET, open_election, {}, "Flood", admin).outcome is ApprovalOutcome.WAITING
    assert second in approvals.pending_for(officer)


def test_a_request_needs_a_reason_and_a_state_that_allows_it(open_election, admin):
    with pytest.raises(ValidationFailed):
        approvals.request(CLOSE_EARLY, open_election, {}, "  ", admin)
    draft = factories.ElectionFactory()
    with pytest.raises(Conflict):
        approvals.request(CLOSE_EARLY, draft, {}, WHY, admin)
    with pytest.raises(NotFound):
        approvals.confirm(0, admin)


def test_the_only_admin_confirms_with_title_and_password(open_election, admin):
    asked = approvals.request(CLOSE_EARLY, open_election, {}, WHY, admin)
    with pytest.raises(ValidationFailed):
        approvals.confirm_alone(asked.id, PASSWORD, open_election.title.lower(), admin)
    assert approvals.confirm_alone(asked.id, "wrong", open_election.title, admin).kind == "wrong_password"
    assert db.session.query(LoginFailure).count() == 1
    assert approvals.confirm_alone(asked.id, PASSWORD, open_election.title, admin).kind == "done"
    assert (asked.alone, asked.confirmed_by, open_election.status) == (True, None, ElectionStatus.CLOSED)
    assert events("performed")[0].details["confirmed_by"] == "password and title"


def test_nobody_confirms_alone_while_somebody_else_could(asked, open_election, admin):
    assert approvals.confirm_alone(asked.id, PASSWORD, open_election.title, admin).kind == "not_yours"
    assert open_election.status is ElectionStatus.ACTIVE


@pytest.mark.parametrize("other", [{"role": StaffRole.OBSERVER}, {"role": StaffRole.OFFICER, "is_active": False}])
def test_an_observer_or_a_deactivated_officer_is_no_second_person(open_election, admin, other):
    factories.StaffUserFactory(**other)
    assert approvals.acts_alone(admin.id)
    assert approvals.confirmers(open_election, admin.id) == []


def test_leaving_everybody_else_off_the_list_does_not_let_an_admin_act_alone(open_election, admin):
    left_out = factories.StaffUserFactory(role=StaffRole.OFFICER)
    db.session.execute(delete(ElectionStaff).where(ElectionStaff.staff_user_id == left_out.id))
    with pytest.raises(Conflict, match="another person on the list"):
        approvals.request(CLOSE_EARLY, open_election, {}, WHY, admin)
    assert not approvals.acts_alone(admin.id)
    assert open_election.status is ElectionStatus.ACTIVE


def test_removing_the_second_person_from_the_list_does_not_perform_a_request(asked, open_election, admin, officer):
    staff.remove(open_election, officer.id, admin)
    assert approvals.confirm_alone(asked.id, PASSWORD, open_election.title, admin).kind == "not_yours"
    with pytest.raises(Conflict, match="Put another person on the list"):
        approvals.request(RESET, open_election, {}, WHY, admin)
    assert open_election.status is ElectionStatus.ACTIVE


@pytest.mark.parametrize("act", ["deactivate", "demote"])
def test_who_takes_the_second_persons_access_away_does_not_act_alone_for_a_day(
    act, asked, open_election, admin, officer, monkeypatch
):
    if act == "deactivate":
        staff.deactivate(officer.id, admin)
    else:
        staff.change_role(officer.id, StaffRole.OBSERVER, admin)
    assert approvals.confirm_alone(asked.id, PASSWORD, open_election.title, admin).kind == "not_yours"
    with pytest.raises(Conflict, match="less than 24 hours ago"):
        approvals.request(RESET, open_election, {}, WHY, admin)
    assert open_election.status is ElectionStatus.ACTIVE

    monkeypatch.setattr(people, "ALONE_AFTER", timedelta(0))
    assert approvals.acts_alone(admin.id)


@pytest.mark.commits
def test_two_confirmations_at_once_perform_it_once(committing_app):
    election = factories.make_open_election()
    admin = actor_of(factories.StaffUserFactory())
    others = [actor_of(factories.StaffUserFactory(role=StaffRole.OFFICER)) for _ in range(4)]
    number = approvals.request(RESET, election, {}, WHY, admin).id
    db.session.commit()
    together = threading.Barrier(len(others))

    def confirm(actor: Actor) -> str:
        together.wait(timeout=120)
        with committing_app.app_context():
            kind = approvals.confirm(number, actor).kind
            db.session.commit()
            return kind

    with ThreadPoolExecutor(len(others)) as pool:
        kinds = sorted(pool.map(confirm, others))
    db.session.expire_all()
    assert kinds == ["done", "over", "over", "over"]
    assert db.session.scalar(select(func.count()).select_from(Election)) == 2
    assert db.session.get(Approval, number).outcome is ApprovalOutcome.DONE
