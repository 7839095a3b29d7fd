"""Frames of a challenge: a chunk moves it on, the last one decides whether this is the voter."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from flask_babel import gettext as _

from models import AuthResult, Challenge, Kiosk
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.errors import ValidationFailed
from services.face_service import Match, Pixels, decode_data_url
from services.face_service.liveness import MAX_CHUNK
from services.face_service.service import LIVENESS_SIDE
from services.identification import attempts, booth_room, challenges, failures, interruptions, passes, runs
from services.identification.attempts import Attempt
from services.identification.outcomes import CameraChanged, Interrupted, Pending, Verdict
from services.identification.runs import Run

log = logging.getLogger(__name__)

MAX_FRAME_CHARS = 1_000_000
"""Characters of one data URL: a 1280 x 720 JPEG has a quarter of it."""
IDENTIFIED = "identified"
SLOW_LINE = "slow_line"


def submit_frames(
    kiosk: Kiosk,
    ticket: str,
    step: int,
    frames: Sequence[str],
    actor: Actor,
    seq: int | None = None,
    camera: str | None = None,
) -> Pending | Verdict | CameraChanged | Interrupted:
    """Take a chunk of 1 to 8 data URLs; `step` is the number of movements that the page knows to be done.

    `ticket` is the challenge's (`Challenge.ticket`: id and nonce). `seq` numbers the chunks of one challenge; one that
    arrives late or twice is ignored, a gap is noted, and the one that decided gets its verdict again when the answer
    was lost. `camera` is the page's mark of the camera. A finished challenge is used up, recorded, and on success a
    ballot pass is open at this kiosk. Raises ChallengeUnknown, ChallengeOver, ValidationFailed, BadImage, Busy,
    ModelUnavailable, DiskFull; nothing is stored then.
    """
    arrived = utc_now()
    pictures = decode_frames(frames)
    challenge = challenges.lock_challenge(kiosk, ticket)
    given = interruptions.given_verdict(kiosk, challenge, seq)
    if given is not None:
        return given
    run = runs.load(challenge)
    if challenge.used_at is None and interruptions.fell_silent(run, arrived):
        return interruptions.end(kiosk, challenge, run, actor)
    challenges.require_open(challenge, arrived)
    if seq is not None and seq <= run.seq:
        return pending(run, None, arrived)
    if not run.liveness.received:
        booth_room.require()
        challenge.expires_at = arrived + timedelta(seconds=challenges.RUN_SECONDS)
    if other_camera(run, camera, pictures):
        # What was filmed before proves nothing about who stands there now, so nothing is judged.
        counted = interruptions.record_break(kiosk, challenge, run, actor, failures.CAMERA_CHANGED)
        return CameraChanged(counted.tries_left, counted.officer_needed)
    advice, answered = take(run, pictures, arrived, step, seq)
    if not run.liveness.over:
        challenge.expires_at += answered - arrived
        runs.save(challenge, run)
        return pending(run, advice, answered)
    return _finish(kiosk, challenge, run, actor)


def take(
    run: Run, pictures: Sequence[Pixels], arrived: datetime, step: int, seq: int | None
) -> tuple[str | None, datetime]:
    """Feed a chunk that `arrived` to the challenge and keep its best picture; changes `run`.

    Returns the advice code for the voter, if any, and when the answer was known. Raises as `FaceService.advance`.
    """
    run.line.arrive(arrived.timestamp(), len(pictures), 0 if seq is None else seq - run.seq - 1)
    position = run.liveness.position
    shown = shown_position(run, step)
    progress = platform().faces.advance(run.liveness, pictures, arrived.timestamp(), shown, run.line.busy)
    run.seq = run.seq if seq is None else seq
    runs.keep_picture(run, pictures, progress.looks, position)
    answered = utc_now()
    run.line.answered(answered.timestamp())
    return progress.advice_code or (SLOW_LINE if run.line.slow else None), answered


def advise(kiosk: Kiosk, ticket: str, frame: str) -> str | None:
    """Return what the voter should change first before the challenge begins, or None when all is good.

    One data URL of the whole picture: in a smaller one a good face reads as blurred. No attempt, and nothing is kept.
    Raises ChallengeUnknown, ChallengeOver, ValidationFailed, BadImage, Busy, ModelUnavailable.
    """
    challenges.open_challenge(kiosk, ticket)
    return look_over(frame)


def look_over(frame: str) -> str | None:
    """Return the hint for a picture of the camera; raises ValidationFailed, BadImage, Busy, ModelUnavailable."""
    return platform().faces.hint(decode_frames([frame])[0], "login")


def other_camera(run: Run, camera: str | None, pictures: Sequence[Pixels]) -> bool:
    """Tell whether one of the pictures comes from another camera, or has another size, than the first of all."""
    return any(run.line.is_other_camera(camera, (one.shape[1], one.shape[0])) for one in pictures)


def decode_frames(frames: Sequence[str]) -> list[Pixels]:
    """Return the pictures of a chunk; raises ValidationFailed and BadImage."""
    if not 1 <= len(frames) <= MAX_CHUNK:
        raise ValidationFailed(fields={"frames": _("Send 1 to %(most)s pictures at a time.", most=MAX_CHUNK)})
    if any(len(frame) > MAX_FRAME_CHARS for frame in frames):
        raise ValidationFailed(fields={"frames": _("The pictures are too large. Send smaller ones.")})
    return [decode_data_url(frame, LIVENESS_SIDE) for frame in frames]


def pending(run: Run, advice: str | None, now: datetime) -> Pending:
    """Return how far the challenge is."""
    state = run.liveness
    left = state.seconds_left(now.timestamp(), run.line.busy)
    return Pending(max(0, state.position - 1), state.demand, advice, max(0, round(left)))


def shown_position(run: Run, step: int) -> int:
    """Return the position in the run that the page shows: before the first movement it asks to look straight."""
    return 0 if step == 0 and run.liveness.position == 0 else step + 1


def _finish(kiosk: Kiosk, challenge: Challenge, run: Run, actor: Actor) -> Verdict:
    """Spend the challenge, decide, write it down, and open the ballot on success."""
    failures.lock_voter(challenge.voter_id)
    challenges.spend(challenge)
    live = run.liveness.status == "passed"
    match = match_of(challenge.voter_id, run)
    attempt = judge(run, live, match)
    with booth_room.booth_words():
        event, counted = attempts.record(kiosk, challenge, attempt, actor)
    if attempt.result is AuthResult.SUCCESS:
        passes.give_pass(kiosk, challenge.voter, event)
    return verdict_of(attempt, match if live else None, live, counted)


def match_of(voter_id: int, run: Run) -> Match | None:
    """Compare the straight frames with what is enrolled; None when there are none, or the enrolment is damaged."""
    if not run.liveness.probes:
        return None
    try:
        return platform().faces.verify_encodings(voter_id, run.liveness.probes)[0]
    except (ValueError, InvalidToken):
        # Somebody changed the row in the database: nobody is identified by it, and the officer takes over.
        log.exception("An enrolled face of voter row %s cannot be opened", voter_id)
        return None


def judge(run: Run, live: bool, match: Match | None) -> Attempt:
    """Liveness first: a face that may be a picture is unknown, whoever it shows; only a live stranger is a mismatch."""
    report, distance = run.report(), match.distance if match else None
    if run.line.slow and (live or run.liveness.reason == "timeout"):
        return Attempt(AuthResult.UNKNOWN, SLOW_LINE, None, report, run.shot)
    if not live or match is None or distance is None:
        reason = (run.liveness.reason if not live else None) or (match.reason if match else None) or "no_face"
        return Attempt(AuthResult.UNKNOWN, reason, distance, report, run.shot)
    if match.ok:
        return Attempt(AuthResult.SUCCESS, IDENTIFIED, distance, report, run.shot)
    return Attempt(AuthResult.MISMATCH, match.reason or "different_person", distance, report, run.shot)


def verdict_of(attempt: Attempt, match: Match | None, live: bool, counted: failures.Failures) -> Verdict:
    """Return what the page is told; of the match a person who was not live is told nothing."""
    success = attempt.result is AuthResult.SUCCESS
    shown = round(match.distance, 2) if match and match.distance is not None else None
    others = [code for code in attempt.report.get("reasons", []) if code != attempt.reason]
    return Verdict(
        result=attempt.result,
        distance=shown,
        confidence=None if match is None or shown is None else round(match.confidence, 2),
        live=live,
        reasons=() if success else (attempt.reason, *others),
        tries_left=counted.tries_left,
        officer=not success and counted.officer_needed,
    )
