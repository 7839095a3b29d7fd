"""The live face of a check-in: the challenge of the voter accounts, whose failure flags and never refuses.

Every finished challenge is an `AuthEvent` of no election: the verification log of meetings.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import exists, select

from models import (
    AttendanceAttempt,
    AuthEvent,
    AuthResult,
    Channel,
    Consent,
    FlagKind,
    Layer,
    VoterFace,
    db,
)
from services.actor import Actor
from services.attendance import layers, photos
from services.clock import utc_now
from services.context import platform
from services.face_service import BadImage, liveness
from services.identification import (
    CameraChanged,
    ChallengeOver,
    Interrupted,
    Pending,
    Verdict,
    failures,
    interruptions,
    runs,
    submission,
)
from services.identification.attempts import ABANDONED, Attempt
from services.identification.challenges import RUN_SECONDS, START_SECONDS
from services.identification.runs import Run

MAX_TRIES = 3
NOT_ENROLLED = "not_enrolled"
SEVERAL = "several_faces"
TINY = "picture_too_small"


def begin(attempt: AttendanceAttempt, actor: Actor) -> bool:
    """Draw the movements, or give those drawn a moment ago; False when this layer is over: nobody enrolled, no tries.

    A challenge that was begun and left counts as a try: else one could wait for movements that suit a film.
    """
    if Layer.SELFIE.value in attempt.layers:
        return False
    if not _may_be_recognised(attempt.voter_id):
        _doubt(attempt, NOT_ENROLLED)
        return False
    if runs.has_begun(attempt):
        run = runs.load(attempt)
        _fail(attempt, Attempt(AuthResult.UNKNOWN, ABANDONED, None, run.report(), run.shot), actor)
        if Layer.SELFIE.value in attempt.layers:
            return False
    attempt.steps = liveness.new_steps() if platform().settings.liveness else []
    attempt.state = {}
    attempt.challenge_expires_at = utc_now() + timedelta(seconds=START_SECONDS)
    return True


def submit(
    attempt: AttendanceAttempt, step: int, frames: Sequence[str], actor: Actor, seq: int | None, camera: str | None
) -> Pending | Verdict | CameraChanged | Interrupted:
    """Take a chunk of frames, as `identification.submit_frames` does at a booth; raises as that."""
    arrived = utc_now()
    over = attempt.challenge_expires_at
    if over is None or over <= arrived or Layer.SELFIE.value in attempt.layers:
        raise ChallengeOver()
    run = runs.load(attempt)
    try:
        images = submission.decode_frames(frames)
    except BadImage as error:
        if not error.details.get("tiny"):
            raise
        return _finish(attempt, run, Attempt(AuthResult.UNKNOWN, TINY, None, dict(run.report()), run.shot), actor)
    if interruptions.fell_silent(run, arrived):
        _break(attempt, run, failures.INTERRUPTED, actor)
        return Interrupted(_tries_left(attempt), _is_over(attempt))
    if seq is not None and seq <= run.seq:
        return submission.pending(run, None, arrived)
    if not run.liveness.received:
        attempt.challenge_expires_at = over = arrived + timedelta(seconds=RUN_SECONDS)
    if submission.other_camera(run, camera, images):
        _break(attempt, run, failures.CAMERA_CHANGED, actor)
        return CameraChanged(_tries_left(attempt), _is_over(attempt))
    advice, answered = submission.take(run, images, arrived, step, seq)
    if not run.liveness.over:
        attempt.challenge_expires_at = over + (answered - arrived)
        runs.save(attempt, run)
        return submission.pending(run, advice, answered)
    live = run.liveness.status == "passed"
    return _finish(attempt, run, submission.judge(run, live, submission.match_of(attempt.voter_id, run)), actor)


def advise(attempt: AttendanceAttempt, frame: str) -> str | None:
    """Return what to change first before the movements begin, as `identification.advise` at a booth; raises as that."""
    over = attempt.challenge_expires_at
    if over is None or over <= utc_now() or Layer.SELFIE.value in attempt.layers:
        raise ChallengeOver()
    return submission.look_over(frame)


def _finish(attempt: AttendanceAttempt, run: Run, found: Attempt, actor: Actor) -> Verdict:
    live = run.liveness.status == "passed"
    match = submission.match_of(attempt.voter_id, run) if live else None
    if found.result is AuthResult.SUCCESS:
        _log(attempt, found, actor)
        _wipe(attempt)
        _keep(attempt, found)
        layers.note(attempt, Layer.SELFIE, layers.PASSED, distance=_rounded(found.distance))
    else:
        _fail(attempt, found, actor)
    counted = failures.Failures(unknowns=attempt.tries)
    verdict = submission.verdict_of(found, match, live, counted)
    return Verdict(
        verdict.result, verdict.distance, verdict.confidence, verdict.live, verdict.reasons, _tries_left(attempt),
        verdict.result is not AuthResult.SUCCESS and _is_over(attempt),
    )  # fmt: skip


def _fail(attempt: AttendanceAttempt, found: Attempt, actor: Actor) -> None:
    """Count a failed challenge; the last one ends the layer, with a flag."""
    _log(attempt, found, actor)
    _wipe(attempt)
    attempt.tries += 1
    reasons = {found.reason, *found.report.get("reasons", [])}
    if SEVERAL in reasons:
        layers.flag(attempt, FlagKind.MULTIPLE_FACES, tries=attempt.tries)
    if attempt.tries >= MAX_TRIES:
        _keep(attempt, found)
        _doubt(attempt, found.reason, result=found.result.value, distance=_rounded(found.distance))


def _break(attempt: AttendanceAttempt, run: Run, kind: str, actor: Actor) -> None:
    """End a challenge that broke on the way; before the first movement nothing was asked, and it is laid back."""
    if not runs.has_begun(attempt):
        attempt.state = {}
        return
    _fail(attempt, Attempt(AuthResult.UNKNOWN, kind, None, dict(run.report()), run.shot), actor)


def _doubt(attempt: AttendanceAttempt, reason: str, **evidence: object) -> None:
    layers.flag(attempt, FlagKind.FACE_DOUBTFUL, reason=reason, tries=attempt.tries, **evidence)
    layers.note(attempt, Layer.SELFIE, layers.DOUBTFUL, reason=reason)


def _keep(attempt: AttendanceAttempt, found: Attempt) -> None:
    if found.shot is not None:
        photos.keep_selfie(attempt, found.shot)


def _wipe(attempt: AttendanceAttempt) -> None:
    attempt.state, attempt.challenge_expires_at = {}, None


def _log(attempt: AttendanceAttempt, found: Attempt, actor: Actor) -> None:
    db.session.add(
        AuthEvent(
            attendance_session_id=attempt.session_id, voter_id=attempt.voter_id,
            voter_id_input=attempt.voter.voter_id, result=found.result, reason=found.reason, distance=found.distance,
            suspicion_score=float(found.report.get("suspicion_score", 0.0)), ip_address=actor.ip,
            user_agent=actor.user_agent, channel=Channel.ACCOUNT, liveness=found.report,
        )
    )  # fmt: skip


def _may_be_recognised(voter_id: int) -> bool:
    consent = exists().where(Consent.voter_id == voter_id, Consent.withdrawn_at.is_(None))
    face = exists().where(VoterFace.voter_id == voter_id)
    return bool(db.session.scalar(select(consent & face)))


def _tries_left(attempt: AttendanceAttempt) -> int:
    return max(0, MAX_TRIES - attempt.tries)


def _is_over(attempt: AttendanceAttempt) -> bool:
    return Layer.SELFIE.value in attempt.layers


def _rounded(distance: float | None) -> float | None:
    return None if distance is None else round(distance, 2)
