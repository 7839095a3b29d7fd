"""Proving the identity in an account, where the election asks for it: the live challenge of the booth, without a booth.

Failures are counted with those of the booth, from the recorded events. Every attempt is an event that the commission
sees; more than one face and pictures smaller than any camera's are flagged for its review. After three failures the
commission looks at both faces: when it finds that the refusal was wrong, the voter goes on.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import exists, func, select

from models import AuthEvent, AuthResult, Channel, Consent, Election, IdentityCheck, Review, VoterFace, VoterSession, db
from services import audit_logger, email_service, metrics
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.face_service import BadImage, Match, liveness
from services.identification import (
    CameraChanged,
    ChallengeOver,
    ChallengeUnknown,
    Interrupted,
    Pending,
    Verdict,
    failures,
    interruptions,
    runs,
    submission,
)
from services.identification.attempts import ABANDONED, SUSPICIOUS, Attempt, store_picture
from services.identification.challenges import REUSE_SECONDS, RUN_SECONDS, START_SECONDS
from services.identification.failures import Failures
from services.identification.runs import STRANGER_REASONS, Run

log = logging.getLogger(__name__)

PROOF_LASTS = timedelta(minutes=15)
"""From the check to the cast: time to read a long ballot, too little to lend the browser to somebody."""
TINY = "picture_too_small"
NOT_ENROLLED = "not_enrolled"
FLAGGED = STRANGER_REASONS | {TINY, NOT_ENROLLED, "multiple_faces"}
"""Reasons that the commission looks at, whatever the suspicion score."""


@dataclass(frozen=True)
class Begun:
    """The check to go through, and the tries left; no check: the commission helps."""

    check: IdentityCheck | None
    tries_left: int


def is_proved(session: VoterSession, election: Election) -> bool:
    """Tell whether this session proved its voter lately, or the commission found that it was wrong to refuse."""
    lately = IdentityCheck.passed_at > utc_now() - PROOF_LASTS
    mine = IdentityCheck.session_id == session.id, IdentityCheck.election_id == election.id
    wrongly = (
        AuthEvent.election_id == election.id,
        AuthEvent.voter_id == session.voter_id,
        AuthEvent.channel == Channel.ACCOUNT,
        AuthEvent.result != AuthResult.SUCCESS,
        AuthEvent.review == Review.REJECTED,
    )
    proof = exists().where(lately, *mine) | exists().where(*wrongly)
    return bool(db.session.scalar(select(proof)))


def begin(session: VoterSession, election: Election, actor: Actor) -> Begun:
    """Return the session's one open check, drawn now or a moment ago; without one the commission helps."""
    failures.lock_voter(session.voter_id)
    now = utc_now()
    untouched = None
    for check in _unused(session, election):
        fresh = not runs.has_begun(check) and check.expires_at >= now + timedelta(seconds=REUSE_SECONDS)
        if fresh and untouched is None and check.session_id == session.id:
            untouched = check
            check.state = {}
        else:
            _abandon(check, actor)
    counted = _count(election.id, session.voter_id)
    if counted.officer_needed or not _may_be_recognised(session, election, actor):
        return Begun(None, 0)
    check = untouched or _draw(session, election)
    return Begun(check, counted.tries_left)


def submit(
    session: VoterSession, election: Election, ticket: str, step: int, frames: Sequence[str], actor: Actor,
    seq: int | None = None, camera: str | None = None,
) -> Pending | Verdict | CameraChanged | Interrupted:  # fmt: skip
    """Take a chunk of frames, as `identification.submit_frames` does at a booth. Raises as that."""
    arrived = utc_now()
    failures.lock_voter(session.voter_id)
    check = _open_check(session, election, ticket)
    run = runs.load(check)
    try:
        pictures = submission.decode_frames(frames)
    except BadImage as error:
        if not error.details.get("tiny"):
            raise
        return _finish(check, run, Attempt(AuthResult.UNKNOWN, TINY, None, _report(run), run.shot), actor)
    if interruptions.fell_silent(run, arrived):
        counted = _break_off(check, run, failures.INTERRUPTED, actor)
        return Interrupted(counted.tries_left, counted.officer_needed)
    if seq is not None and seq <= run.seq:
        return submission.pending(run, None, arrived)
    if not run.liveness.received:
        check.expires_at = arrived + timedelta(seconds=RUN_SECONDS)
    if submission.other_camera(run, camera, pictures):
        counted = _break_off(check, run, failures.CAMERA_CHANGED, actor)
        return CameraChanged(counted.tries_left, counted.officer_needed)
    advice, answered = submission.take(run, pictures, arrived, step, seq)
    if not run.liveness.over:
        check.expires_at += answered - arrived
        runs.save(check, run)
        return submission.pending(run, advice, answered)
    live = run.liveness.status == "passed"
    match = submission.match_of(check.voter_id, run)
    return _finish(check, run, submission.judge(run, live, match), actor, match)


def advise(session: VoterSession, election: Election, ticket: str, frame: str) -> str | None:
    """Return what to change first before the check begins, as `identification.advise` at a booth; raises as that."""
    _open_check(session, election, ticket, lock=False)
    return submission.look_over(frame)


def end_expired(older_than: timedelta, actor: Actor) -> int:
    """End checks that nobody came back to, and wipe what they hold of a face; return how many."""
    late = IdentityCheck.used_at.is_(None) & (IdentityCheck.expires_at < utc_now() - older_than)
    failures.lock_voters(db.session.scalars(select(IdentityCheck.voter_id).where(late)))
    left = db.session.scalars(select(IdentityCheck).where(late).with_for_update(skip_locked=True)).all()
    for check in left:
        _abandon(check, actor)
    return len(left)


def help_wanted(session: VoterSession, election: Election) -> bool:
    """Tell whether an attempt of this voter waits for the commission's look."""
    waits = exists().where(
        AuthEvent.election_id == election.id, AuthEvent.voter_id == session.voter_id,
        AuthEvent.channel == Channel.ACCOUNT, AuthEvent.review == Review.PENDING,
    )  # fmt: skip
    return bool(db.session.scalar(select(waits)))


def _finish(check: IdentityCheck, run: Run, attempt: Attempt, actor: Actor, match: Match | None = None) -> Verdict:
    _spend(check)
    counted = _record(check, attempt, actor)
    if attempt.result is AuthResult.SUCCESS:
        check.passed_at = utc_now()
    live = run.liveness.status == "passed"
    return submission.verdict_of(attempt, match if live else None, live, counted)


def _abandon(check: IdentityCheck, actor: Actor) -> None:
    """Use a check up; one that was begun counts: else one could look at the movements and leave until they suit."""
    if runs.has_begun(check):
        run = runs.load(check)
        _record(check, Attempt(AuthResult.UNKNOWN, ABANDONED, None, run.report(), run.shot), actor)
    _spend(check)


def _break_off(check: IdentityCheck, run: Run, kind: str, actor: Actor) -> Failures:
    """End a check that broke on the way; before the first movement nothing was asked, and it is laid back."""
    if not runs.has_begun(check):
        check.state = {}
        return _count(check.election_id, check.voter_id)
    _spend(check)
    return _record(check, Attempt(AuthResult.UNKNOWN, kind, None, _report(run), run.shot), actor)


def _record(check: IdentityCheck, attempt: Attempt, actor: Actor) -> Failures:
    """Write the attempt down; the third failure and everything doubtful waits for the commission."""
    event = _event(check.election_id, check.voter_id, check.voter.voter_id, attempt, actor)
    event.liveness = attempt.report | {"challenge": str(check.id), "liveness_on": bool(check.steps)}
    event.snapshot_path = store_picture(attempt)
    db.session.add(event)
    db.session.flush()
    counted = _count(check.election_id, check.voter_id)
    if attempt.result is not AuthResult.SUCCESS and counted.officer_needed:
        event.review = Review.PENDING
    if attempt.result is AuthResult.MISMATCH:
        metrics.count(metrics.Event.FACE_MISMATCH)
    third = attempt.result is AuthResult.UNKNOWN and counted.unknowns == failures.ALERT_AT_UNKNOWN
    if attempt.result is AuthResult.MISMATCH or third:
        db.session.refresh(event)
        email_service.queue_auth_failure_alert(event)
    proved = attempt.result is AuthResult.SUCCESS
    audit_logger.record(
        "voter:identity:proved" if proved else "voter:identity:refused", actor, election_id=check.election_id,
        voter_number=check.voter.voter_id, reason=attempt.reason,
    )  # fmt: skip
    return counted


def _event(election_id: int, voter_id: int, number: str, attempt: Attempt, actor: Actor) -> AuthEvent:
    suspicion = float(attempt.report.get("suspicion_score", 0.0))
    reasons = {attempt.reason, *attempt.report.get("reasons", [])}
    doubtful = attempt.result is AuthResult.MISMATCH or suspicion >= SUSPICIOUS
    flagged = attempt.result is not AuthResult.SUCCESS and bool(reasons & FLAGGED)
    return AuthEvent(
        election_id=election_id, voter_id=voter_id, voter_id_input=number, result=attempt.result,
        reason=attempt.reason, distance=attempt.distance, suspicion_score=suspicion, ip_address=actor.ip,
        user_agent=actor.user_agent, channel=Channel.ACCOUNT, review=Review.PENDING if doubtful or flagged else None,
    )  # fmt: skip


def _report(run: Run) -> dict[str, object]:
    return dict(run.report())


def _may_be_recognised(session: VoterSession, election: Election, actor: Actor) -> bool:
    """Tell whether there is a face to compare with; the commission hears once of a voter without one."""
    voter_id = session.voter_id
    consent = exists().where(Consent.voter_id == voter_id, Consent.withdrawn_at.is_(None))
    face = exists().where(VoterFace.voter_id == voter_id)
    if db.session.scalar(select(consent & face)):
        return True
    if not help_wanted(session, election):
        attempt = Attempt(AuthResult.UNKNOWN, NOT_ENROLLED, None, {}, None)
        db.session.add(_event(election.id, voter_id, session.voter.voter_id, attempt, actor))
        db.session.flush()
    return False


def _count(election_id: int, voter_id: int) -> Failures:
    """Count failures at booths and in the account together; what was drawn here counts like what was drawn there."""
    counted = failures.count(election_id, voter_id)
    mine = IdentityCheck.election_id == election_id, IdentityCheck.voter_id == voter_id
    drawn = db.session.scalar(select(func.count()).select_from(IdentityCheck).where(*mine)) or 0
    return replace(counted, challenges_drawn=counted.challenges_drawn + drawn)


def _draw(session: VoterSession, election: Election) -> IdentityCheck:
    check = IdentityCheck(
        session_id=session.id, election_id=election.id, voter_id=session.voter_id, state={}, created_at=utc_now(),
        steps=liveness.new_steps() if platform().settings.liveness else [],
        expires_at=utc_now() + timedelta(seconds=START_SECONDS),
    )  # fmt: skip
    db.session.add(check)
    db.session.flush()
    return check


def _unused(session: VoterSession, election: Election) -> list[IdentityCheck]:
    """Return the voter's unused checks, of earlier sessions too, the newest first, locked."""
    mine = IdentityCheck.voter_id == session.voter_id, IdentityCheck.election_id == election.id
    waiting = select(IdentityCheck).where(*mine, IdentityCheck.used_at.is_(None))
    newest_first = waiting.order_by(IdentityCheck.created_at.desc(), IdentityCheck.id)
    return list(db.session.scalars(newest_first.with_for_update()))


def _open_check(session: VoterSession, election: Election, ticket: str, lock: bool = True) -> IdentityCheck:
    """Return the check of this session by its id, locked if wanted; the session is the secret that guards it."""
    try:
        key = uuid.UUID(ticket)
    except ValueError as error:
        raise ChallengeUnknown() from error
    check = db.session.get(IdentityCheck, key, with_for_update=lock, populate_existing=lock)
    if check is None or (check.session_id, check.election_id) != (session.id, election.id):
        raise ChallengeUnknown()
    if check.used_at is not None or check.expires_at <= utc_now():
        raise ChallengeOver()
    return check


def _spend(check: IdentityCheck) -> None:
    check.used_at, check.state = utc_now(), {}
