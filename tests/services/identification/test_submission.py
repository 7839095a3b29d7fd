"""The challenge acted out: who passes, who is a mismatch, who stays unknown, and what is written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import AuditLog, AuthEvent, AuthResult, BallotPass, Challenge, EmailMessage, Review, db
from services import identification
from services.clock import utc_now
from services.context import platform
from services.errors import ValidationFailed
from services.face_service import BadImage, decode_image
from services.identification import ChallengeOver, ChallengeUnknown, Pending, submission
from services.storage import FACES, FRAUD_ATTEMPTS
from tests.services.identification import acting

STRANGER = 93


def events():
    return db.session.scalars(select(AuthEvent).order_by(AuthEvent.id)).all()


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_the_enrolled_voter_who_follows_the_steps_gets_a_ballot(started, play, kiosk, voter):
    verdict = play(started)

    assert verdict.result is AuthResult.SUCCESS
    assert verdict.live
    assert verdict.distance is not None
    assert verdict.distance <= 0.5
    ballot_pass = identification.present_pass(kiosk)
    assert ballot_pass.voter_id == voter.id
    assert timedelta(seconds=170) < ballot_pass.expires_at - utc_now() <= timedelta(seconds=180)


def test_a_success_is_recorded_with_its_picture_address_and_browser(started, play, voter):
    play(started)

    (event,) = events()
    assert (event.result, event.voter_id, event.voter_id_input) == (AuthResult.SUCCESS, voter.id, voter.voter_id)
    assert (event.ip_address, event.user_agent) == ("192.0.2.7", "Test browser")
    assert event.distance is not None
    assert event.suspicion_score == 0
    assert event.liveness["status"] == "passed"
    assert event.snapshot_path.startswith(FACES + "/")
    assert decode_image(platform().storage.read(event.snapshot_path)).shape == (360, 480, 3)
    assert event.review is None


def test_a_success_leaves_an_audit_row_without_address_or_distance(started, play, kiosk, voter):
    play(started)

    row = db.session.scalars(select(AuditLog).where(AuditLog.event_type == "kiosk:voter:identified")).one()
    assert row.election_id == kiosk.election_id
    assert row.details["voter_number"] == voter.voter_id
    assert not {"distance", "ip_address"} & row.details.keys()


def test_another_person_is_a_mismatch_without_a_ballot(started, play, kiosk):
    verdict = play(started, person=STRANGER)

    assert verdict.result is AuthResult.MISMATCH
    assert verdict.live
    assert verdict.distance > 0.6
    assert verdict.tries_left == 2
    with pytest.raises(identification.NoPass):
        identification.present_pass(kiosk)


def test_a_mismatch_alerts_the_commissioner_and_the_voter_with_the_stored_picture(started, play, voter):
    play(started, person=STRANGER)

    (event,) = events()
    assert event.snapshot_path.startswith(FRAUD_ATTEMPTS + "/")
    assert event.review is Review.PENDING
    mails = db.session.scalars(select(EmailMessage)).all()
    assert {mail.recipient for mail in mails} == {platform().settings.alert_recipient, voter.email}
    assert {mail.attachment_path for mail in mails} == {event.snapshot_path}


def test_the_right_face_with_the_wrong_movement_is_unknown_and_not_a_mismatch(started, play, kiosk):
    started.challenge.steps = ["left", "right", "blink"]
    verdict = play(started, steps=["right"])

    assert verdict.result is AuthResult.UNKNOWN
    assert verdict.reasons[0] == "wrong_action"
    assert not verdict.live
    assert verdict.distance is None
    assert verdict.tries_left == 1
    assert events()[0].liveness["position"] == 1
    assert count(EmailMessage) == 0
    with pytest.raises(identification.NoPass):
        identification.present_pass(kiosk)


def test_a_stranger_who_is_not_live_is_unknown(started, play):
    started.challenge.steps = ["left", "right", "blink"]
    verdict = play(started, person=STRANGER, steps=["right"])

    assert verdict.result is AuthResult.UNKNOWN


def test_two_failed_challenges_call_the_officer(kiosk, voter, started, play, actor):
    acting.failed_before(kiosk, voter, AuthResult.UNKNOWN, position=2)
    started.challenge.steps = ["left", "right", "blink"]
    verdict = play(started, steps=["right"])

    assert verdict.officer
    assert verdict.tries_left == 0
    assert not identification.start(kiosk, voter.voter_id, actor).lookup.eligible


def test_the_third_unknown_sends_the_alert_and_the_second_does_not(kiosk, voter, started, clock, actor):
    acting.failed_before(kiosk, voter, AuthResult.UNKNOWN)
    _give_up_before_the_first_movement(kiosk, started, clock, actor)
    assert count(EmailMessage) == 0

    again = identification.start(kiosk, voter.voter_id, actor)
    verdict = _give_up_before_the_first_movement(kiosk, again, clock, actor)

    assert verdict.officer
    assert count(EmailMessage) == 2


def _give_up_before_the_first_movement(kiosk, start, clock, actor):
    """Nobody stands before the camera until the time to look straight is over."""
    for _ in range(8):
        clock.shift(3)
        outcome = identification.submit_frames(kiosk, start.challenge.ticket, 0, [acting.frame(faces=0)], actor)
        if not isinstance(outcome, Pending):
            return outcome
    raise AssertionError("the challenge never ended")


def test_a_challenge_works_once(started, play, kiosk, actor):
    play(started)

    with pytest.raises(ChallengeOver):
        identification.submit_frames(kiosk, started.challenge.ticket, 0, acting.straight(), actor)
    assert count(AuthEvent) == 1


def test_a_used_challenge_keeps_no_picture_and_no_encoding(started, play):
    play(started)

    challenge = db.session.get(Challenge, started.challenge.id)
    assert challenge.used_at is not None
    assert challenge.state == {}


def test_the_stored_state_shows_no_encoding_and_no_picture_in_clear(started, kiosk, actor):
    identification.submit_frames(kiosk, started.challenge.ticket, 0, acting.straight(), actor)

    state = db.session.get(Challenge, started.challenge.id).state
    assert all(text.startswith("Z0FBQUFB") for text in state["run"]["probes"])  # base64 of Fernet's "gAAAAA"
    assert state["shot"].startswith("Z0FBQUFB")


def test_the_challenge_of_another_kiosk_is_not_known_here(started, make_kiosk, actor):
    with pytest.raises(ChallengeUnknown):
        identification.submit_frames(make_kiosk(), started.challenge.ticket, 0, acting.straight(), actor)


@pytest.mark.parametrize("challenge_id", ["", "1", "not-a-uuid", "00000000-0000-0000-0000-000000000000"])
def test_a_challenge_that_does_not_exist_is_not_known(challenge_id, kiosk, actor):
    with pytest.raises(ChallengeUnknown):
        identification.submit_frames(kiosk, challenge_id, 0, acting.straight(count=1), actor)


def test_an_expired_challenge_takes_no_frames(started, kiosk, actor, clock):
    clock.shift(181)

    with pytest.raises(ChallengeOver):
        identification.submit_frames(kiosk, started.challenge.ticket, 0, acting.straight(), actor)
    assert count(AuthEvent) == 0


def test_a_chunk_that_arrives_twice_or_late_is_ignored(started, kiosk, actor):
    chunk = acting.straight(count=2)
    first = identification.submit_frames(kiosk, started.challenge.ticket, 0, chunk, actor, seq=3)
    late = identification.submit_frames(kiosk, started.challenge.ticket, 0, acting.straight(count=2), actor, seq=2)
    twice = identification.submit_frames(kiosk, started.challenge.ticket, 0, chunk, actor, seq=3)

    assert first == late == twice
    assert db.session.get(Challenge, started.challenge.id).state["run"]["received"] == 2


def test_frames_filmed_for_an_earlier_step_prove_nothing(started, kiosk, actor, clock):
    steps, challenge_id = started.challenge.steps, started.challenge.ticket
    outcome = identification.submit_frames(kiosk, challenge_id, 0, acting.straight(), actor)
    frames = acting.movement(steps[0])
    for start in (0, 6):
        clock.shift(0.7)
        outcome = identification.submit_frames(kiosk, challenge_id, 2, frames[start : start + 6], actor)

    assert outcome.steps_done == 0
    assert outcome.demand == steps[0]


def test_no_face_before_the_camera_gives_advice(started, kiosk, actor):
    outcome = identification.submit_frames(kiosk, started.challenge.ticket, 0, [acting.frame(faces=0)], actor)

    assert isinstance(outcome, Pending)
    assert outcome.advice == "no_face"
    assert outcome.seconds_left == 20


def test_two_people_before_the_camera_give_advice(started, kiosk, actor):
    outcome = identification.submit_frames(kiosk, started.challenge.ticket, 0, [acting.frame(faces=2)], actor)

    assert outcome.advice == "multiple_faces"


def test_more_than_eight_frames_are_refused(started, kiosk, actor):
    with pytest.raises(ValidationFailed, match="1 to 8"):
        identification.submit_frames(kiosk, started.challenge.ticket, 0, ["x"] * 9, actor)
    with pytest.raises(ValidationFailed, match="1 to 8"):
        identification.submit_frames(kiosk, started.challenge.ticket, 0, [], actor)


def test_a_frame_that_is_too_large_is_refused(started, kiosk, actor):
    huge = "data:image/jpeg;base64," + "A" * submission.MAX_FRAME_CHARS
    with pytest.raises(ValidationFailed, match="too large"):
        identification.submit_frames(kiosk, started.challenge.ticket, 0, [huge], actor)


@pytest.mark.parametrize(
    "frame", ["", "hello", "data:text/html;base64,PGI+", acting.as_data_url(b"<b>not a picture</b>")]
)
def test_what_is_not_a_picture_is_refused_and_stores_nothing(frame, started, kiosk, actor):
    with pytest.raises(BadImage):
        identification.submit_frames(kiosk, started.challenge.ticket, 0, [frame], actor)
    assert db.session.get(Challenge, started.challenge.id).state == {}


def test_an_enrolment_changed_in_the_database_identifies_nobody(started, play, voter):
    voter.faces[0].encoding = b"not ours"
    db.session.commit()

    verdict = play(started)

    assert verdict.result is AuthResult.UNKNOWN
    assert verdict.reasons == ("no_face",)


def test_a_success_ends_older_open_ballots_of_the_voter(started, play, kiosk, voter, make_kiosk, actor):
    older = BallotPass(
        kiosk_id=make_kiosk().id,
        election_id=kiosk.election_id,
        voter_id=voter.id,
        expires_at=utc_now() + timedelta(seconds=60),
    )
    db.session.add(older)
    db.session.commit()

    play(started)
    db.session.refresh(older)

    assert older.ended_at is not None
    assert identification.present_pass(kiosk).id != older.id
