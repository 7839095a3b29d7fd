"""The line between camera and server: its pace by the server's clock, gaps, the nonce, and a camera that changes."""

from __future__ import annotations

import secrets

import pytest
from sqlalchemy import select

from models import AuditLog, AuthEvent, AuthResult, Challenge, EmailMessage, Review, db
from services import identification
from services.face_service import FaceService
from services.face_service.liveness import STEP_SECONDS
from services.identification import CameraChanged, ChallengeOver, ChallengeUnknown, Pending, Verdict
from services.identification.challenges import RUN_SECONDS
from services.identification.line import TOO_FEW, Line
from services.identification.submission import SLOW_LINE
from tests.services.identification import acting

SLOW_SERVER = 10.0
"""Seconds for one chunk: longer than a movement may take, and all chunks together than a challenge."""


def events():
    return db.session.scalars(select(AuthEvent).order_by(AuthEvent.id)).all()


@pytest.fixture
def send(kiosk, actor):
    def submit(start, frames, step=0, **more):
        return identification.submit_frames(kiosk, start.challenge.ticket, step, frames, actor, **more)

    return submit


@pytest.fixture
def film(send, clock):
    """Act the right movements with `count` frames every `seconds`."""

    def play(start, seconds, count=6):
        steps, outcome, seq = start.challenge.steps, None, 0
        for done, frames in [(0, acting.straight()), *enumerate(map(acting.movement, steps))]:
            for first in range(0, len(frames), count):
                clock.shift(seconds)
                outcome = send(start, frames[first : first + count], done, seq=seq)
                seq += 1
                if not isinstance(outcome, Pending):
                    return outcome
        return outcome

    return play


def test_a_slow_server_is_not_a_slow_line():
    line = Line()
    for second in range(0, 14, 2):
        line.arrive(second, 8, 0)
        line.answered(second + 1.5)
    assert line.rate == pytest.approx(48 / 3)
    assert not line.slow


def test_the_time_that_the_server_needs_is_no_part_of_a_movements_time(started, send, play, clock, monkeypatch):
    needed = FaceService.advance

    def slowly(*arguments):
        clock.shift(SLOW_SERVER)
        return needed(*arguments)

    monkeypatch.setattr(FaceService, "advance", slowly)
    looked_straight = send(started, acting.straight(), seq=0)
    assert looked_straight.seconds_left == STEP_SECONDS
    assert play(started).result is AuthResult.SUCCESS
    (event,) = events()
    assert event.liveness["line"]["server_seconds"] > RUN_SECONDS


def test_the_same_pace_without_work_of_the_server_is_a_slow_line():
    line = Line()
    for second in range(0, 10, 2):
        line.arrive(second, 8, 0)
    assert line.rate == 4.0 < TOO_FEW
    assert line.slow


def test_a_short_stretch_says_nothing_of_the_pace():
    line = Line()
    line.arrive(0, 4, 0)
    line.arrive(2.5, 1, 0)
    assert line.rate is None
    assert not line.slow


@pytest.mark.parametrize(("fps", "slow"), [(4.4, True), (4.6, False), (6, False), (9, False)])
def test_the_lower_limit_is_six_frames_a_second_less_a_quarter(fps, slow):
    line = Line()
    for number in range(20):
        line.arrive(number * 4 / fps, 4, 0)
    assert line.slow is slow


def test_a_slow_line_is_advice_while_the_challenge_runs(started, send, clock):
    assert send(started, [acting.frame(faces=1)], seq=0).advice is None
    outcome = None
    for seq in (1, 2, 3):
        clock.shift(2)
        outcome = send(started, [acting.frame(yaw=24)], seq=seq)
    assert outcome.advice == "bad_pose", "what the voter can change comes first"
    clock.shift(1)
    outcome = send(started, acting.straight(count=3), seq=4)
    assert outcome.advice == SLOW_LINE


def test_a_challenge_over_a_slow_line_is_unknown_and_names_the_line(started, film, kiosk):
    verdict = film(started, 1.4)

    assert isinstance(verdict, Verdict)
    assert verdict.result is AuthResult.UNKNOWN
    assert verdict.reasons[0] == SLOW_LINE
    assert events()[0].liveness["line"]["fps"] < TOO_FEW
    with pytest.raises(identification.NoPass):
        identification.present_pass(kiosk)


def test_frames_faster_than_any_camera_fail_and_are_suspicious(started, film):
    verdict = film(started, 0.1)

    assert verdict.result is AuthResult.UNKNOWN
    assert verdict.reasons[0] == "too_fast"
    (event,) = events()
    assert event.suspicion_score >= 0.5
    assert event.review is Review.PENDING


def test_thirty_frames_a_second_are_not_too_fast(started, film):
    assert film(started, 6 / 30).result is AuthResult.SUCCESS


def test_a_gap_in_the_numbers_is_noted_and_harms_nobody(started, kiosk, actor, clock):
    seqs = iter((0, 1, 4, 5, 9, *range(10, 40)))
    verdict = acting.perform(
        lambda done, frames, _seq: identification.submit_frames(
            kiosk, started.challenge.ticket, done, frames, actor, next(seqs)
        ),
        clock.shift, started.challenge.steps,
    )  # fmt: skip

    assert verdict.result is AuthResult.SUCCESS
    assert events()[0].liveness["line"]["gaps"] == 5


def test_the_event_holds_the_pace_and_how_much_the_face_looks_like_a_screen(started, play):
    play(started)

    (event,) = events()
    assert 5 < event.liveness["line"]["fps"] < 10
    assert event.liveness["line"]["gaps"] == 0
    assert isinstance(event.liveness["screen_peak"], float)
    assert event.liveness["reasons"] == []


def test_without_its_nonce_a_challenge_is_not_known(started, kiosk, actor):
    challenge = started.challenge
    for ticket in (
        str(challenge.id),
        f"{challenge.id}.",
        f"{challenge.id}.{secrets.token_hex(16)}",
        f"{challenge.id}.é",
    ):
        with pytest.raises(ChallengeUnknown):
            identification.submit_frames(kiosk, ticket, 0, acting.straight(), actor)
    assert db.session.get(Challenge, challenge.id).state == {}


def test_the_nonce_of_a_challenge_dies_with_it_and_fits_no_other(started, play, kiosk, voter, actor):
    old = started.challenge.ticket
    play(started)
    fresh = identification.start(kiosk, voter.voter_id, actor).challenge

    with pytest.raises(ChallengeOver):
        identification.submit_frames(kiosk, old, 0, acting.straight(), actor)
    with pytest.raises(ChallengeUnknown):
        identification.submit_frames(kiosk, f"{fresh.id}.{old.split('.')[1]}", 0, acting.straight(), actor)


def test_the_nonce_stands_in_no_event_and_no_audit_row(started, play):
    play(started)
    written = [str(event.liveness) for event in events()]
    written += [str(row.details) for row in db.session.scalars(select(AuditLog))]
    assert not any(started.challenge.nonce.hex in text or str(started.challenge.nonce) in text for text in written)


def change_camera(send, start, clock):
    send(start, acting.straight(), seq=0, camera="a" * 64)
    clock.shift(1)
    return send(start, acting.straight(), seq=1, camera="b" * 64)


def test_another_camera_ends_the_challenge_gently_and_is_no_failure_the_first_time(started, send, kiosk, voter, clock):
    outcome = change_camera(send, started, clock)

    assert outcome == CameraChanged(tries_left=2, officer=False)
    counted = identification.count(kiosk.election_id, voter.id)
    assert (counted.total, counted.challenges_failed, counted.camera_changes) == (0, 0, 1)
    (event,) = events()
    assert (event.reason, event.result, event.review) == ("camera_changed", AuthResult.UNKNOWN, None)
    assert db.session.scalar(select(EmailMessage)) is None
    with pytest.raises(ChallengeOver):
        send(started, acting.straight(), seq=2, camera="a" * 64)


def test_after_a_change_of_camera_a_fresh_challenge_works(started, send, kiosk, voter, actor, clock, play):
    change_camera(send, started, clock)
    again = identification.start(kiosk, voter.voter_id, actor)

    assert again.challenge.id != started.challenge.id
    assert play(again).result is AuthResult.SUCCESS


def test_the_second_change_of_camera_counts_and_goes_to_review(started, send, kiosk, voter, actor, clock):
    change_camera(send, started, clock)
    outcome = change_camera(send, identification.start(kiosk, voter.voter_id, actor), clock)

    assert outcome.tries_left == 1
    assert [event.review for event in events()] == [None, Review.PENDING]


def test_the_third_change_of_camera_calls_the_officer(started, send, kiosk, voter, actor, clock):
    change_camera(send, started, clock)
    change_camera(send, identification.start(kiosk, voter.voter_id, actor), clock)
    outcome = change_camera(send, identification.start(kiosk, voter.voter_id, actor), clock)

    assert outcome == CameraChanged(tries_left=0, officer=True)
    assert identification.start(kiosk, voter.voter_id, actor).challenge is None


@pytest.mark.parametrize("later", [None, "b" * 64])
def test_a_mark_that_vanishes_or_appears_is_a_change_too(later, started, send, clock):
    first = None if later else "a" * 64
    send(started, acting.straight(), seq=0, camera=first)
    clock.shift(1)
    assert isinstance(send(started, acting.straight(), seq=1, camera=later), CameraChanged)


def test_a_changed_size_of_the_picture_is_a_change_of_camera(started, send, clock):
    send(started, acting.straight(), seq=0)
    clock.shift(1)
    smaller = acting.picture()[:-40]
    frame = acting.as_data_url(acting.encode_jpeg(smaller, quality=80))
    assert isinstance(send(started, [frame], seq=1), CameraChanged)
