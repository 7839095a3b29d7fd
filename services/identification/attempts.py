"""A finished attempt: its event, its picture, its audit row, and the alert where one is due, in one transaction."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from models import AuthEvent, AuthResult, Challenge, Kiosk, Review, Voter, db
from services import audit_logger, email_service, metrics, storage
from services.actor import Actor
from services.context import platform
from services.errors import DiskFull, StorageAway
from services.identification import failures, runs
from services.identification.failures import Failures

log = logging.getLogger(__name__)

SUSPICIOUS = 0.5
"""From this suspicion score on the officer reviews the attempt, whatever its result (weights: liveness.WEIGHTS)."""
ABANDONED = "abandoned"


@dataclass(frozen=True)
class Attempt:
    """What is known of an attempt when it is over; `reason` is the code that decided."""

    result: AuthResult
    reason: str
    distance: float | None
    report: dict[str, Any]
    shot: bytes | None


def record(kiosk: Kiosk, challenge: Challenge, attempt: Attempt, actor: Actor) -> tuple[AuthEvent, Failures]:
    """Write down the attempt, alert if due, and return the event with the failures counted after it.

    The voter must be locked (`failures.lock_voter`), else two kiosks might count past each other.
    """
    event = _event(kiosk, challenge, attempt, actor)
    db.session.add(event)
    db.session.flush()
    db.session.refresh(event)
    subject = "identified" if attempt.result is AuthResult.SUCCESS else "not_identified"
    audit_logger.record(
        f"kiosk:voter:{subject}", actor, election_id=kiosk.election_id, kiosk=kiosk.name, method="face",
        voter_number=challenge.voter.voter_id, result=attempt.result.value, reason=attempt.reason,
    )  # fmt: skip
    if attempt.result is AuthResult.MISMATCH:
        metrics.count(metrics.Event.FACE_MISMATCH)
    counted = failures.count(kiosk.election_id, challenge.voter_id)
    if _alert_due(attempt.result, counted):
        _queue_alert(event, challenge.voter)
    return event, counted


def record_abandoned(kiosk: Kiosk, challenge: Challenge, actor: Actor) -> None:
    """Count a challenge that was begun and left: else one could look at the steps and walk away until they suit."""
    run = runs.load(challenge)
    report = run.report()
    record(kiosk, challenge, Attempt(AuthResult.UNKNOWN, ABANDONED, None, report, run.shot), actor)


def _event(kiosk: Kiosk, challenge: Challenge, attempt: Attempt, actor: Actor) -> AuthEvent:
    suspicion = float(attempt.report.get("suspicion_score", 0.0))
    review = attempt.result is AuthResult.MISMATCH or suspicion >= SUSPICIOUS
    return AuthEvent(
        election_id=kiosk.election_id,
        kiosk_id=kiosk.id,
        voter_id=challenge.voter_id,
        voter_id_input=challenge.voter.voter_id,
        result=attempt.result,
        reason=attempt.reason,
        distance=attempt.distance,
        suspicion_score=suspicion,
        liveness=attempt.report | {"challenge": str(challenge.id), "liveness_on": bool(challenge.steps)},
        snapshot_path=store_picture(attempt),
        ip_address=actor.ip,
        user_agent=actor.user_agent,
        review=Review.PENDING if review else None,
    )


def store_picture(attempt: Attempt) -> str | None:
    """Keep the picture of an attempt, encrypted, and return its path; for an abandoned one only when it works.

    Raises DiskFull, StorageAway.
    """
    if attempt.shot is None:
        return None
    folder = storage.FACES if attempt.result is AuthResult.SUCCESS else storage.FRAUD_ATTEMPTS
    try:
        return platform().storage.save_private(folder, attempt.shot)
    except (DiskFull, StorageAway):
        if attempt.reason != ABANDONED:
            raise
        # Whoever walked away cannot be asked to try again: the check ends, and a booth is free for the next voter.
        log.exception("The picture of an abandoned attempt could not be kept")
        return None


def _alert_due(result: AuthResult, counted: Failures) -> bool:
    if result is AuthResult.UNKNOWN:
        return counted.unknowns == failures.ALERT_AT_UNKNOWN
    return result is AuthResult.MISMATCH


def _queue_alert(event: AuthEvent, voter: Voter) -> None:
    email_service.queue_auth_failure_alert(event)
