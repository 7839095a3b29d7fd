"""The steps of a check-in as pages and API call them: each judges the layer that is due, the last writes the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models import AttendanceAttempt, AttendanceRecord, AuthResult, Layer
from services.actor import Actor
from services.attendance import checkin, devices, layers, location, photos, selfie, sessions
from services.attendance.outcomes import NoCheckIn, NotThisStep
from services.geo import Position
from services.identification import CameraChanged, Interrupted, Pending, Verdict


@dataclass(frozen=True)
class KeyProof:
    """The public half of the device's key (SPKI), and its signature of the check-in's nonce."""

    public_key: bytes
    signature: bytes


@dataclass(frozen=True)
class Located:
    """A reported position; `mocked`: the device itself says that it is made up."""

    position: Position
    mocked: bool = False


def by_key(
    session_id: int, voter_id: int, public_key: bytes, signature: bytes, actor: Actor
) -> AttendanceRecord | None:
    """Prove the device by its key's signature of the nonce. Returns and raises as `checkin.take`."""
    return together(session_id, voter_id, KeyProof(public_key, signature), None, actor)


def by_platform_id(session_id: int, voter_id: int, platform_id: str, actor: Actor) -> AttendanceRecord | None:
    """Prove the device by the ID that an app reports. Returns and raises as `checkin.take`."""
    prove = {Layer.DEVICE: lambda attempt: devices.prove_by_platform_id(attempt, platform_id, actor)}
    return checkin.take(session_id, voter_id, prove, actor)


def at(session_id: int, voter_id: int, position: Position, mocked: bool, actor: Actor) -> AttendanceRecord | None:
    """Give the position. Returns and raises as `checkin.take`."""
    return together(session_id, voter_id, None, Located(position, mocked), actor)


def together(
    session_id: int, voter_id: int, key: KeyProof | None, located: Located | None, actor: Actor
) -> AttendanceRecord | None:
    """Prove the device and give the position in one go, where both are there: all of it, or nothing of it.

    Returns and raises as `checkin.take`; the flags and the evidence are those of one step after the other.
    """
    proofs: dict[Layer, checkin.Prove] = {}
    if key is not None:
        proofs[Layer.DEVICE] = lambda attempt: devices.prove_by_key(attempt, key.public_key, key.signature, actor)
    if located is not None:
        proofs[Layer.LOCATION] = lambda attempt: location.take(attempt, located.position, located.mocked)
    return checkin.take(session_id, voter_id, proofs, actor)


def room(session_id: int, voter_id: int, content: bytes, actor: Actor) -> AttendanceRecord | None:
    """Give the photo of the room. Returns and raises as `checkin.take`."""
    return checkin.take(session_id, voter_id, {Layer.ROOM: lambda attempt: photos.take_room(attempt, content)}, actor)


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
