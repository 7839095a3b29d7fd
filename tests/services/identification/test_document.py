"""Identification by document: two people answer for it, whatever went wrong before the camera; nothing else changes."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from models import (
    AuditLog,
    AuthEvent,
    AuthMethod,
    AuthResult,
    BallotPass,
    Challenge,
    Consent,
    DocumentKind,
    LoginFailure,
    Review,
    StaffRole,
    StaffUser,
    VoterStatus,
    db,
)
from services import ballots, identification
from services.clock import utc_now
from services.identification import LookupReason, document
from services.identification.document import StaffForm
from tests import factories
from tests.factories import PASSWORD
from tests.services.identification import acting
from tests.services.identification.test_overrides import identified_by_face

REASON = "The camera of this booth is broken"


@pytest.fixture
def officer(kiosk):
    return db.session.get(StaffUser, kiosk.opened_by)


@pytest.fixture
def second():
    return factories.StaffUserFactory(role=StaffRole.ADMIN)


@pytest.fixture
def form(voter, officer, second):
    return StaffForm(voter.voter_id, "passport", REASON, officer.username, PASSWORD, second.username, PASSWORD)


@pytest.fixture
def lone_admin(officer):
    officer.role = StaffRole.ADMIN
    db.session.commit()
    return officer


def events():
    return db.session.scalars(select(AuthEvent).order_by(AuthEvent.id)).all()


def audit(prefix):
    found = db.session.scalars(
        select(AuditLog).where(AuditLog.event_type.startswith(prefix, autoescape=True)).order_by(AuditLog.id)
    )
    return found.all()


def passes():
    return db.session.scalar(select(func.count()).select_from(BallotPass))


def test_two_people_identify_a_voter_whose_ballot_is_then_open_for_three_minutes(
    form, kiosk, voter, officer, second, actor, clock
):
    outcome = document.identify(kiosk, form, actor)

    (event,) = events()
    assert (outcome.code, outcome.event) == ("identified", event)
    assert (event.method, event.result, event.review) == (AuthMethod.DOCUMENT, AuthResult.SUCCESS, Review.PENDING)
    assert (event.document, event.note, event.reason) == (DocumentKind.PASSPORT, REASON, "document")
    assert (event.officer, event.second_officer, event.confirmed_by_one) == (officer, second, False)
    assert (event.voter_id, event.kiosk_id, event.ip_address) == (voter.id, kiosk.id, actor.ip)
    ballot = identification.present_pass(kiosk)
    assert (ballot.voter_id, ballot.auth_event_id) == (voter.id, event.id)
    assert identification.seconds_left(ballot) == identification.PASS_SECONDS


def test_the_audit_log_names_both_people_and_holds_neither_reason_nor_password(form, kiosk, officer, second, actor):
    document.identify(kiosk, form, actor)

    rows = {row.event_type: row for row in audit("staff:document")} | {r.event_type: r for r in audit("kiosk:voter")}
    assert set(rows) == {"staff:document:checked", "staff:document:confirmed", "kiosk:voter:identified"}
    assert (rows["staff:document:checked"].actor, rows["staff:document:confirmed"].actor) == (
        officer.username, second.username,
    )  # fmt: skip
    assert {row.details["method"] for row in rows.values()} == {"document"}
    written = " ".join(str(row.details) for row in db.session.scalars(select(AuditLog)))
    assert PASSWORD not in written
    assert REASON not in written


def test_the_form_hides_its_passwords_when_it_is_written_to_a_log(form):
    assert PASSWORD not in repr(replace(form, seal="sealed"))
    assert "sealed" not in repr(replace(form, seal="sealed"))


def test_a_voter_identified_by_document_votes_as_everybody_else(form, kiosk, voter, actor):
    document.identify(kiosk, form, actor)
    cast = ballots.cast_with_pass(
        identification.present_pass(kiosk), ballots.Choice(nota=True), secrets.token_urlsafe(24), actor
    )

    assert cast.kind == "cast"
    assert identification.has_voted(kiosk, voter.voter_id)


@pytest.mark.parametrize("hindrance", ["failures", "consent", "pictures", "none"])
def test_what_stops_the_camera_does_not_stop_the_document(hindrance, form, kiosk, voter, actor):
    if hindrance == "failures":
        for _ in range(4):
            acting.failed_before(kiosk, voter, AuthResult.MISMATCH)
    elif hindrance == "consent":
        db.session.scalars(select(Consent)).one().withdrawn_at = utc_now()
    elif hindrance == "pictures":
        voter.faces.clear()
    db.session.flush()

    assert document.identify(kiosk, form, actor).code == "identified"


def test_after_a_ballot_that_ran_out_the_same_voter_can_be_identified_again(form, kiosk, voter, actor, clock):
    for _ in range(3):
        acting.failed_before(kiosk, voter, AuthResult.UNKNOWN)
    document.identify(kiosk, form, actor)
    clock.shift(timedelta(seconds=identification.PASS_SECONDS + 1))

    assert identification.find_voter(kiosk, voter.voter_id, actor).reason is LookupReason.OFFICER_NEEDED
    assert document.identify(kiosk, form, actor).code == "identified"
    assert identification.present_pass(kiosk).voter_id == voter.id


def test_the_voter_before_and_an_open_challenge_leave_the_booth(form, started, kiosk, voter, actor, open_election):
    stranger = factories.RollEntryFactory(election=open_election).voter
    identification.give_pass(kiosk, stranger, identified_by_face(kiosk, stranger))
    document.identify(kiosk, form, actor)

    assert db.session.get(Challenge, started.challenge.id).used_at is not None
    still_open = select(BallotPass.voter_id).where(BallotPass.ended_at.is_(None), BallotPass.used_at.is_(None))
    assert db.session.scalars(still_open).all() == [voter.id]


def test_a_begun_challenge_still_counts_as_failed_when_the_officer_takes_over(
    form, started, kiosk, voter, actor, clock
):
    identification.submit_frames(kiosk, started.challenge.ticket, 0, acting.straight(), actor)
    outcome = document.identify(kiosk, form, actor)

    assert [event.reason for event in events()] == ["abandoned", "document"]
    assert outcome.code == "identified"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"document": ""}, "document"),
        ({"document": "library_card"}, "document"),
        ({"reason": ""}, "reason"),
        ({"reason": "no camera"}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "Identity card C01X00T47 was fine"}, "reason"),
        ({"officer": ""}, "officer"),
        ({"password": ""}, "password"),
        ({"second": ""}, "second"),
        ({"second_password": ""}, "second_password"),
    ],
)
def test_what_is_missing_is_said_and_nobodys_password_is_tried(change, field, form, kiosk, actor):
    outcome = document.identify(kiosk, replace(form, **change), actor)

    assert (outcome.code, set(outcome.problems)) == ("validation_failed", {field})
    assert (passes(), events()) == (0, [])
    assert audit("staff:session") == []


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"password": "wrong"}, "officer_refused", "password"),
        ({"officer": "nobody"}, "officer_refused", "password"),
        ({"second_password": "wrong"}, "second_refused", "second_password"),
        ({"second": "nobody"}, "second_refused", "second_password"),
    ],
)
def test_a_wrong_password_is_said_and_counts_as_a_failed_sign_in(change, code, field, form, kiosk, actor):
    outcome = document.identify(kiosk, replace(form, **change), actor)

    assert (outcome.code, set(outcome.problems)) == (code, {field})
    assert db.session.scalar(select(func.count()).select_from(LoginFailure)) == 1
    assert len(audit("staff:session:refused")) == 1
    assert (passes(), events()) == (0, [])


@pytest.mark.parametrize(("change", "code"), [("password", "officer_waits"), ("second_password", "second_waits")])
def test_after_five_wrong_passwords_even_the_right_one_waits(change, code, form, kiosk, actor, clock):
    for _ in range(5):
        document.identify(kiosk, replace(form, **{change: "wrong"}), actor)
    outcome = document.identify(kiosk, form, actor)

    assert outcome.code == code
    assert timedelta(0) < outcome.retry_after <= timedelta(minutes=15)
    assert passes() == 0
    clock.shift(timedelta(minutes=15, seconds=1))
    assert document.identify(kiosk, form, actor).code == "identified"


@pytest.mark.parametrize(("who", "code"), [("officer", "officer_not_allowed"), ("second", "second_not_allowed")])
def test_an_observer_answers_for_nobody(who, code, form, kiosk, actor):
    observer = factories.StaffUserFactory(role=StaffRole.OBSERVER)
    outcome = document.identify(kiosk, replace(form, **{who: observer.username}), actor)

    assert (outcome.code, passes()) == (code, 0)


def test_a_deactivated_officer_answers_for_nobody(form, kiosk, second, actor):
    factories.StaffUserFactory(role=StaffRole.OFFICER)
    second.is_active = False
    assert document.identify(kiosk, form, actor).code == "second_refused"


def test_the_second_person_is_somebody_else(form, kiosk, officer, actor):
    outcome = document.identify(kiosk, replace(form, second=officer.username), actor)

    assert (outcome.code, set(outcome.problems), passes()) == ("same_person", {"second"}, 0)


def test_the_database_refuses_one_person_as_both(form, kiosk, officer, actor):
    event = document.identify(kiosk, form, actor).event
    assert_database_refuses("two_people", event, second_officer_id=officer.id)


def test_the_database_refuses_a_document_that_nobody_answers_for(form, kiosk, actor):
    event = document.identify(kiosk, form, actor).event
    assert_database_refuses("document_is_answered_for", event, officer_id=None, second_officer_id=None)


def assert_database_refuses(constraint, event, **values):
    statement = update(AuthEvent).where(AuthEvent.id == event.id).values(**values)
    with pytest.raises(IntegrityError, match=constraint), db.session.begin_nested():
        db.session.execute(statement)


def test_a_commission_of_one_confirms_with_the_admins_password_and_is_marked(form, kiosk, lone_admin, second, actor):
    second.is_active = False
    outcome = document.identify(kiosk, replace(form, second=""), actor)

    (event,) = events()
    assert (outcome.code, outcome.alone) == ("identified", True)
    assert (event.reason, event.second_officer, event.confirmed_by_one) == ("document_alone", None, True)
    assert event.review is Review.PENDING
    assert {row.details["reason"] for row in audit("staff:document")} == {"document_alone"}


def test_a_commission_of_one_needs_the_password_twice(form, kiosk, lone_admin, second, actor):
    second.is_active = False
    outcome = document.identify(kiosk, replace(form, second="", second_password="wrong"), actor)

    assert (outcome.code, passes()) == ("second_refused", 0)


def test_a_lone_officer_who_is_no_admin_needs_a_second_person(form, kiosk, second, actor):
    second.is_active = False
    assert document.identify(kiosk, replace(form, second=""), actor).code == "second_needed"


def test_an_admin_beside_an_officer_is_no_commission_of_one(form, kiosk, lone_admin, actor):
    outcome = document.identify(kiosk, replace(form, second=""), actor)
    assert (outcome.code, set(outcome.problems)) == ("validation_failed", {"second"})


def refused(kiosk, form, actor):
    outcome = document.identify(kiosk, form, actor)
    assert (passes(), outcome.event) == (0, None)
    return outcome.code


@pytest.mark.parametrize("status", [VoterStatus.SUSPENDED, VoterStatus.PENDING])
def test_a_voter_who_is_not_verified_is_refused_at_once(status, form, kiosk, voter, actor):
    voter.status = status
    assert refused(kiosk, form, actor) == "suspended"
    assert [(event.method, event.reason) for event in events()] == [(AuthMethod.DOCUMENT, "suspended")]


def test_who_has_voted_is_refused_and_told_when(form, kiosk, voter, actor):
    cast_at = acting.vote(kiosk, voter, actor)
    outcome = document.identify(kiosk, form, actor)

    assert (outcome.code, outcome.lookup.voted_at) == ("already_voted", cast_at)
    assert outcome.event is None


@pytest.mark.parametrize(
    ("number", "code"),
    [(factories.with_check_digit(9999999), "unknown_number"), ("20481736", "typing_slip"), ("", "typing_slip")],
)
def test_a_number_that_is_nobodys_is_refused(number, code, form, kiosk, actor):
    assert refused(kiosk, replace(form, voter_number=number), actor) == code


def test_a_voter_of_another_roll_is_refused(form, kiosk, actor):
    stranger = factories.VoterFactory()
    assert refused(kiosk, replace(form, voter_number=stranger.voter_id), actor) == "not_on_roll"


@pytest.mark.parametrize(("hours", "code"), [(-2, "not_open_yet"), (9, "closed")])
def test_outside_the_voting_hours_nobody_is_identified(hours, code, form, kiosk, actor, clock):
    clock.shift(timedelta(hours=hours))
    assert refused(kiosk, form, actor) == code


def test_refusals_at_the_form_are_no_failures_of_the_face(form, kiosk, voter, actor):
    voter.status = VoterStatus.SUSPENDED
    for _ in range(4):
        document.identify(kiosk, form, actor)

    assert identification.count(kiosk.election_id, voter.id).total == 0


def test_the_full_name_is_shown_only_after_the_officer_signed_in(form, kiosk, voter, officer, actor):
    asked = document.open_entry(kiosk, form, actor, sign_in=False)
    wrong = document.open_entry(kiosk, replace(form, password="wrong"), actor, sign_in=True)
    shown = document.open_entry(kiosk, form, actor, sign_in=True)

    assert [outcome.code for outcome in (asked, wrong, shown)] == ["ask_officer", "officer_refused", "shown"]
    assert [outcome.officer for outcome in (asked, wrong, shown)] == [None, None, officer]
    (row,) = audit("staff:voter:shown")
    assert (row.actor, row.details["voter_number"]) == (officer.username, voter.voter_id)


def test_the_officers_sign_in_holds_for_the_second_step(form, kiosk, officer, second, actor):
    seal = document.open_entry(kiosk, form, actor, sign_in=True).seal
    confirmed = document.identify(kiosk, replace(form, officer="", password="", seal=seal), actor)

    assert (confirmed.code, confirmed.event.officer, confirmed.event.second_officer) == ("identified", officer, second)


@pytest.mark.parametrize(("seconds", "code"), [(document.SEAL_SECONDS - 2, "identified"), (301, "form_over")])
def test_the_officers_sign_in_ends_after_five_minutes(seconds, code, form, kiosk, actor, clock):
    seal = document.open_entry(kiosk, form, actor, sign_in=True).seal
    clock.shift(timedelta(seconds=seconds))
    assert document.identify(kiosk, replace(form, officer="", password="", seal=seal), actor).code == code


def test_a_sign_in_holds_for_no_other_voter_kiosk_or_person(
    form, kiosk, voter, officer, actor, make_kiosk, open_election
):
    seal = document.open_entry(kiosk, form, actor, sign_in=True).seal
    other = factories.RollEntryFactory(election=open_election).voter
    sealed = replace(form, officer="", password="", seal=seal)

    assert document.identify(make_kiosk(), sealed, actor).code == "form_over"
    assert document.identify(kiosk, replace(sealed, voter_number=other.voter_id), actor).code == "form_over"
    assert document.identify(kiosk, replace(sealed, seal=seal[:-4] + "AAAA"), actor).code == "form_over"
    assert document.identify(kiosk, replace(sealed, second=officer.username), actor).code == "same_person"
    officer.is_active = False
    factories.StaffUserFactory(role=StaffRole.OFFICER)
    assert document.identify(kiosk, sealed, actor).code == "form_over"
    assert passes() == 0


def test_a_wrong_second_password_keeps_the_form_open(form, kiosk, officer, actor):
    seal = document.open_entry(kiosk, form, actor, sign_in=True).seal
    outcome = document.identify(
        kiosk, replace(form, officer="", password="", seal=seal, second_password="wrong"), actor
    )
    assert (outcome.code, outcome.officer, outcome.seal) == ("second_refused", officer, seal)


def test_leaving_the_form_leaves_one_audit_row_and_nothing_else(form, kiosk, actor):
    document.cancel(kiosk, actor)

    assert [row.event_type for row in audit("kiosk:document")] == ["kiosk:document:cancelled"]
    assert (passes(), events()) == (0, [])
