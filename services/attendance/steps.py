"""The steps of a check-in as pages and API call them: each judges the layer that is due, the last writes the record."""

from __future__ import annotations

from collections.abc import Sequence

from models import AttendanceAttempt, AttendanceRecord, AuthResult, Layer
from services.actor import Actor
from services.attendance import checkin, devices, layers, location, photos, selfie, sessions
from services.attendance.outcomes import NoCheckIn, NotThisStep
from services.geo import Position
from services.identification import CameraChanged, Interrupted, Pending, Verdict


def by_key(
    session_id: int, voter_id: int, public_key: bytes, signature: bytes, actor: Actor
) -> AttendanceRecord | None:
    """Prove the device by its key's signature of the nonce. Returns and raises as `checkin.take`."""
    return checkin.take(
        session_id,
        voter_id,
        Layer.DEVICE,
        lambda attempt: devices.prove_by_key(attempt, public_key, signature, actor),
        actor,
    )


def by_platform_id(session_id: int, voter_id: int, platform_id: str, actor: Actor) -> AttendanceRecord | None:
    """Prove the device by the ID that an app reports. Returns and raises as `checkin.take`."""
    return checkin.take(
        session_id,
        voter_id,
        Layer.DEVICE,
        lambda attempt: devices.prove_by_platform_id(attempt, platform_id, actor),
        actor,
    )


def at(session_id: int, voter_id: int, position: Position, mocked: bool, actor: Actor) -> AttendanceRecord | None:
    """Give the position. Returns and raises as `checkin.take`."""
    return checkin.take(
        session_id, voter_id, Layer.LOCATION, lambda attempt: location.take(attempt, position, mocked), actor
    )


def room(session_id: int, voter_id: int, content: bytes, actor: Actor) -> AttendanceRecord | None:
    """Give the photo of the room. Returns and raises as `checkin.take`."""
    return checkin.take(session_id, voter_id, Layer.ROOM, lambda attempt: photos.take_room(attempt, content), actor)


def begin_selfie(session_id: int, voter_id: int, actor: Actor) -> AttendanceAttempt | None:
    """Draw the movements of the live check; None when there is nothing to check any more, and the check-in goes on."""
    sessions.for_member(session_id, voter_id)
    attempt = checkin.find_open(session_id, voter_id, lock=True)
    if attempt is None or layers.following(attempt) is not Layer.SELFIE:
        return None
    if selfie.begin(attempt, actor):
        return attempt
    checkin.settle(attempt, actor)
    return None


def advise_selfie(session_id: int, voter_id: int, frame: str) -> str | None:
    """Return what would make the next picture good, None when it is; no try, and nothing is kept.

    Raises NotFound, NoCheckIn, and as `selfie.advise`.
    """
    attempt = checkin.find_open(session_id, voter_id)
    if attempt is None:
        sessions.for_member(session_id, voter_id)
        raise NoCheckIn()
    return selfie.advise(attempt, frame)


def submit_selfie(
    session_id: int, voter_id: int, step: int, frames: Sequence[str], actor: Actor, seq: int | None = None,
    camera: str | None = None,
) -> Pending | Verdict | CameraChanged | Interrupted:  # fmt: skip
    """Take a chunk of frames; raises NoCheckIn, NotThisStep, and as `selfie.submit`."""
    attempt = checkin.present(session_id, voter_id)
    if layers.following(attempt) is not Layer.SELFIE:
        raise NotThisStep()
    answer = selfie.submit(attempt, step, frames, actor, seq, camera)
    passed = isinstance(answer, Verdict) and answer.result is AuthResult.SUCCESS
    if passed or Layer.SELFIE.value in attempt.layers:
        checkin.settle(attempt, actor)
    return answer
