"""A typed voter ID: every way on and every refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import AuditLog, AuthEvent, AuthResult, Challenge, Consent, ElectionStatus, VoterStatus, db
from services import identification
from services.clock import utc_now
from services.identification import LookupReason
from tests import factories
from tests.services.identification import acting


def find(kiosk, text, actor):
    return identification.find_voter(kiosk, text, actor)


def refusals():
    return db.session.scalars(select(AuthEvent).order_by(AuthEvent.id)).all()


def test_an_enrolled_voter_on_the_roll_is_eligible_under_a_masked_name(kiosk, voter, actor):
    voter.name = "Astrid Sol Berg-Lindberg"
    lookup = find(kiosk, voter.voter_id, actor)

    assert (lookup.found, lookup.eligible, lookup.has_voted, lookup.officer) == (True, True, False, False)
    assert lookup.masked_name == "A… S… B…rg"
    assert refusals() == []


@pytest.mark.parametrize("written", ["{0} {1}", "{0}-{1}", " {0}.{1} "])
def test_a_voter_id_may_be_typed_in_groups(written, kiosk, voter, actor):
    number = voter.voter_id
    assert find(kiosk, written.format(number[:4], number[4:]), actor).eligible


def test_a_wrong_check_digit_is_a_typing_slip_that_looks_nobody_up(kiosk, voter, actor):
    number = voter.voter_id[:-1] + str((int(voter.voter_id[-1]) + 1) % 10)
    lookup = find(kiosk, number, actor)

    assert lookup.reason is LookupReason.TYPING_SLIP
    assert lookup.voter is None
    assert not lookup.found
    assert refusals() == []


@pytest.mark.parametrize("text", ["", "1", "ABCDEFGH", "' OR 1=1 --", "9" * 40, "👤"])
def test_what_is_no_voter_id_is_a_typing_slip(text, kiosk, actor):
    assert find(kiosk, text, actor).reason is LookupReason.TYPING_SLIP


def test_an_unknown_number_is_recorded_without_a_voter(kiosk, actor):
    number = factories.with_check_digit(9999999)
    lookup = find(kiosk, number, actor)

    assert lookup.reason is LookupReason.UNKNOWN_NUMBER
    assert not lookup.found
    (event,) = refusals()
    assert (event.voter_id, event.voter_id_input, event.result) == (None, number, AuthResult.UNKNOWN)
    assert event.ip_address == "192.0.2.7"


def test_a_voter_of_another_election_is_not_on_this_roll(kiosk, actor):
    stranger = factories.VoterFactory()
    lookup = find(kiosk, stranger.voter_id, actor)

    assert lookup.reason is LookupReason.NOT_ON_ROLL
    assert not lookup.found
    assert lookup.masked_name is None
    assert refusals()[0].voter_id == stranger.id


def test_who_has_voted_is_told_when(kiosk, voter, actor):
    cast_at = acting.vote(kiosk, voter, actor)
    lookup = find(kiosk, voter.voter_id, actor)

    assert lookup.reason is LookupReason.ALREADY_VOTED
    assert (lookup.found, lookup.has_voted, lookup.eligible) == (True, True, False)
    assert lookup.voted_at == cast_at
    assert identification.has_voted(kiosk, voter.voter_id)


@pytest.mark.parametrize("status", [VoterStatus.SUSPENDED, VoterStatus.PENDING])
def test_a_voter_who_is_not_verified_goes_to_the_officer(status, kiosk, voter, actor):
    voter.status = status
    lookup = find(kiosk, voter.voter_id, actor)

    assert lookup.reason is LookupReason.SUSPENDED
    assert (lookup.found, lookup.eligible, lookup.officer) == (True, False, True)


def test_without_consent_the_camera_stays_off_and_the_officer_helps(kiosk, voter, actor):
    consent = db.session.scalars(select(Consent)).one()
    consent.withdrawn_at = utc_now()
    lookup = find(kiosk, voter.voter_id, actor)

    assert lookup.reason is LookupReason.NO_CONSENT
    assert lookup.officer


def test_without_enrolled_pictures_the_officer_helps(kiosk, voter, actor):
    voter.faces.clear()
    db.session.flush()
    lookup = find(kiosk, voter.voter_id, actor)

    assert lookup.reason is LookupReason.NOT_ENROLLED
    assert lookup.officer


def test_before_the_opening_nobody_is_eligible(kiosk, voter, actor, clock):
    clock.shift(timedelta(hours=-2))
    assert find(kiosk, voter.voter_id, actor).reason is LookupReason.NOT_OPEN_YET


def test_after_the_closing_time_nobody_is_eligible(kiosk, voter, actor, clock):
    clock.shift(timedelta(hours=9))
    assert find(kiosk, voter.voter_id, actor).reason is LookupReason.CLOSED


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (ElectionStatus.DRAFT, LookupReason.NOT_OPEN_YET),
        (ElectionStatus.CLOSED, LookupReason.CLOSED),
        (ElectionStatus.ARCHIVED, LookupReason.CLOSED),
    ],
)
def test_only_an_active_election_takes_votes(status, reason):
    election = factories.ElectionFactory.build(status=status)
    assert identification.election_refusal(election, utc_now()) is reason


def test_a_refusal_leaves_an_audit_row_without_address(kiosk, actor):
    find(kiosk, factories.with_check_digit(9999999), actor)

    row = db.session.scalars(select(AuditLog).where(AuditLog.event_type == "kiosk:voter:refused")).one()
    assert row.details["reason"] == "unknown_number"
    assert "192.0.2.7" not in str(row.details)


def test_refusals_at_the_keypad_are_no_failures(kiosk, voter, actor):
    voter.status = VoterStatus.SUSPENDED
    for _ in range(4):
        find(kiosk, voter.voter_id, actor)

    assert identification.count(kiosk.election_id, voter.id).total == 0


@pytest.mark.parametrize(
    ("name", "masked"),
    [("Astrid Solberg", "A… S…rg"), ("Li", "L…"), ("Kim Lee", "K… L…"), ("Ana Maria Ruiz", "A… M… R…"), ("", "…")],
)
def test_a_mask_shows_enough_to_know_oneself(name, masked):
    assert identification.mask_name(name) == masked


def test_three_failures_in_all_call_the_officer(kiosk, voter, actor):
    for result in (AuthResult.MISMATCH, AuthResult.UNKNOWN, AuthResult.MISMATCH):
        acting.failed_before(kiosk, voter, result)

    assert find(kiosk, voter.voter_id, actor).reason is LookupReason.OFFICER_NEEDED


def test_failures_at_every_kiosk_count_together(kiosk, voter, actor, make_kiosk):
    acting.failed_before(make_kiosk(), voter, AuthResult.MISMATCH)
    acting.failed_before(kiosk, voter, AuthResult.MISMATCH)

    assert identification.count(kiosk.election_id, voter.id).tries_left == 1


def test_failures_in_another_election_do_not_count_here(kiosk, voter, make_kiosk):
    acting.failed_before(make_kiosk(factories.make_open_election()), voter, AuthResult.MISMATCH)

    assert identification.count(kiosk.election_id, voter.id).total == 0


def test_a_challenge_has_both_turns_and_one_other_movement(started):
    assert len(started.challenge.steps) == 3
    assert {"left", "right"} < set(started.challenge.steps)


def test_asking_again_draws_no_other_steps(started, kiosk, voter, actor):
    again = identification.start(kiosk, voter.voter_id, actor)

    assert again.challenge.id == started.challenge.id
    assert db.session.scalar(select(func.count()).select_from(Challenge)) == 1


def test_at_the_end_of_its_time_a_challenge_is_drawn_anew(started, kiosk, voter, actor, clock):
    first = started.challenge.id
    clock.shift(160)
    again = identification.start(kiosk, voter.voter_id, actor)

    assert again.challenge.id != first
    assert db.session.get(Challenge, first).used_at is not None


def test_walking_away_after_the_first_movement_counts_as_a_failed_challenge(started, kiosk, voter, actor, clock):
    identification.submit_frames(kiosk, started.challenge.ticket, 0, acting.straight(), actor)
    clock.shift(1)
    again = identification.start(kiosk, voter.voter_id, actor)

    (event,) = refusals()
    assert (event.reason, event.result) == ("abandoned", AuthResult.UNKNOWN)
    assert event.snapshot_path is not None
    assert again.tries_left == 1
    assert again.challenge.id != started.challenge.id


def test_the_next_voter_finds_a_clean_booth(started, play, kiosk, actor):
    play(started)
    identification.start(kiosk, factories.with_check_digit(9999999), actor)

    with pytest.raises(identification.NoPass):
        identification.present_pass(kiosk)


def test_who_draws_challenge_after_challenge_meets_the_officer(started, kiosk, voter, actor, clock):
    for _ in range(8):
        clock.shift(160)
        begun = identification.start(kiosk, voter.voter_id, actor)

    assert begun.challenge is None
    assert begun.lookup.reason is LookupReason.OFFICER_NEEDED
