"""Devices of members: bound at the first check-in, proven at each, changed with the approval of an admin."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import insert

from models import (
    AttendanceAttempt,
    Device,
    DeviceKind,
    DeviceResetRequest,
    DeviceStatus,
    FlagKind,
    ResetDecision,
    Voter,
    db,
)
from services import audit_logger, email_service
from services.actor import Actor
from services.attendance import device_keys, layers
from services.clock import utc_now
from services.errors import Conflict, NotFound, ValidationFailed
from services.savepoints import savepoint

MAX_REASON = 500
MAX_LABEL = 200
MAX_PLATFORM_ID = 200
MOST_NAMED = 10
"""So many others with the same device are named; a device of a whole hall is one flag, not a list of it."""


@dataclass(frozen=True)
class _Claim:
    """A device as it says it is; `key` is the public half of a browser's key, None for an app's platform ID."""

    kind: DeviceKind
    fingerprint: bytes
    key: bytes | None


def prove_by_key(attempt: AttendanceAttempt, public_key: bytes, signature: bytes, actor: Actor) -> None:
    """Take the signature of the check-in's nonce, good once; binds the first device. Raises ValidationFailed."""
    key = device_keys.read_key(public_key)
    signed = device_keys.is_signed(key, signature, device_keys.message(attempt.id, attempt.nonce))
    if not signed:
        # A replayed or foreign signature proves no possession: nothing is bound to this key.
        layers.flag(attempt, FlagKind.BAD_SIGNATURE)
        layers.note_device(attempt, True, reason=FlagKind.BAD_SIGNATURE.value)
        return
    _compare(attempt, _Claim(DeviceKind.KEY, device_keys.key_fingerprint(key), key), actor)


def prove_by_platform_id(attempt: AttendanceAttempt, platform_id: str, actor: Actor) -> None:
    """Take the platform ID that an app reports; stored as a keyed hash. Raises ValidationFailed for an empty one."""
    found = device_keys.platform_fingerprint(_checked_platform_id(platform_id))
    _compare(attempt, _Claim(DeviceKind.PLATFORM, found, None), actor)


def active_device(voter_id: int) -> Device | None:
    """Return the bound device of a member."""
    mine = Device.voter_id == voter_id, Device.status == DeviceStatus.ACTIVE
    return db.session.scalar(select(Device).where(*mine))


def ask_for_change(voter_id: int, public_key: bytes, reason: str, actor: Actor) -> DeviceResetRequest:
    """Ask an admin to bind this browser's key in place of the bound device; repeated word by word it changes nothing.

    Raises ValidationFailed without a reason, Conflict when this device is bound already, none is, or a request waits.
    """
    key = device_keys.read_key(public_key)
    return _ask(voter_id, _Claim(DeviceKind.KEY, device_keys.key_fingerprint(key), key), reason, actor)


def ask_for_platform_device(voter_id: int, platform_id: str, reason: str, actor: Actor) -> DeviceResetRequest:
    """Ask the same for a device that an app's platform names. Raises as `ask_for_change`."""
    claim = _Claim(DeviceKind.PLATFORM, device_keys.platform_fingerprint(_checked_platform_id(platform_id)), None)
    return _ask(voter_id, claim, reason, actor)


def open_request(voter_id: int) -> DeviceResetRequest | None:
    """Return the request of a member that waits for its decision."""
    waiting = Device.voter_id == voter_id, DeviceResetRequest.decision.is_(None)
    return db.session.scalar(select(DeviceResetRequest).join(Device).where(*waiting))


def waiting_requests() -> list[DeviceResetRequest]:
    """Return all requests that wait, the oldest first."""
    waiting = select(DeviceResetRequest).where(DeviceResetRequest.decision.is_(None))
    return list(db.session.scalars(waiting.order_by(DeviceResetRequest.created_at, DeviceResetRequest.id)))


def decide(request_id: int, approve: bool, note: str, actor: Actor) -> DeviceResetRequest:
    """Bind the new device in place of the old one, or refuse, which the note explains to the member.

    Raises NotFound, Conflict for one decided before, and ValidationFailed for a refusal without a note.
    """
    note = note.strip()
    asked = db.session.get(DeviceResetRequest, request_id, with_for_update=True)
    if asked is None:
        raise NotFound(_("There is no such request."))
    if asked.decision is not None:
        raise Conflict(_("Somebody decided this already."))
    if len(note) > MAX_REASON or not (approve or note):
        raise ValidationFailed(fields={"note": _("Say why you refuse. The member reads it.")})
    device = asked.device
    if approve:
        before = active_device(device.voter_id)
        if before is not None:
            before.status = DeviceStatus.RETIRED
            db.session.flush()
    device.status = DeviceStatus.ACTIVE if approve else DeviceStatus.REFUSED
    asked.decision = ResetDecision.APPROVED if approve else ResetDecision.REFUSED
    asked.decided_by, asked.decided_at, asked.note = actor.id, utc_now(), note or None
    audit_logger.record(
        "staff:member_device:change_approved" if approve else "staff:member_device:change_refused", actor,
        voter_number=device.voter.voter_id, reason=note,
    )  # fmt: skip
    email_service.queue_member_decision(device.voter, "phone_approved" if approve else "phone_refused", note)
    db.session.flush()
    return asked


def _ask(voter_id: int, claim: _Claim, reason: str, actor: Actor) -> DeviceResetRequest:
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise ValidationFailed(fields={"reason": _("Say why you use another device.")})
    # Of two requests at once with two keys one waits here, and finds the other.
    db.session.get_one(Voter, voter_id, with_for_update=True)
    if active_device(voter_id) is None:
        raise Conflict(_("You have no phone here yet. The one that you check in with next becomes yours."))
    device, waiting = _own(voter_id, claim.fingerprint), open_request(voter_id)
    if device is not None and device.status is DeviceStatus.ACTIVE:
        raise Conflict(_("This device is yours already. Check in with it."))
    if waiting is not None:
        if device is not None and (waiting.device_id, waiting.reason) == (device.id, reason):
            return waiting
        raise Conflict(_("You asked already. The Election Commission decides."))
    if device is None:
        device = _add(voter_id, claim, DeviceStatus.WAITING, actor)
    device.status = DeviceStatus.WAITING
    asked = DeviceResetRequest(device_id=device.id, reason=reason, created_at=utc_now())
    with savepoint(
        {"uq_device_reset_requests_open": Conflict(_("You asked already. The Election Commission decides."))}
    ):
        db.session.add(asked)
    audit_logger.record("voter:member_device:change_asked", actor, voter_number=device.voter.voter_id)
    return asked


def _checked_platform_id(platform_id: str) -> str:
    if not 8 <= len(platform_id.strip()) <= MAX_PLATFORM_ID:
        raise ValidationFailed(fields={"platform_id": _("Send the ID of the device, 8 characters or more.")})
    return platform_id


def _compare(attempt: AttendanceAttempt, claim: _Claim, actor: Actor) -> None:
    """Compare with the bound device and with everybody else's; bind the first one, if it is nobody else's."""
    mine, others = _known(claim.fingerprint, attempt.voter_id)
    if others:
        layers.flag(attempt, FlagKind.SHARED_DEVICE, voter_numbers=others)
    bound = next((device for device in mine if device.status is DeviceStatus.ACTIVE), None)
    if bound is not None and bound.fingerprint != claim.fingerprint:
        layers.flag(attempt, FlagKind.OTHER_DEVICE, bound=bound.label, now=_label(actor))
        layers.note_device(attempt, True, reason=FlagKind.OTHER_DEVICE.value)
        return
    if others:
        layers.note_device(attempt, True, reason=FlagKind.SHARED_DEVICE.value)
        return
    first = bound is None
    if bound is None:
        bound = mine[0] if mine else _add(attempt.voter_id, claim, DeviceStatus.ACTIVE, actor)
        bound.status = DeviceStatus.ACTIVE
        audit_logger.record("voter:member_device:bound", actor, voter_number=attempt.voter.voter_id)
    attempt.device_id = bound.id
    layers.note_device(attempt, False, first=first)


# One that was given back, or that an admin refused, is nobody's: a phone may be sold.
_IN_USE = Device.status.in_((DeviceStatus.ACTIVE, DeviceStatus.WAITING))
_IS_MINE = Device.voter_id == bindparam("voter_id")
_IS_THIS = Device.fingerprint == bindparam("fingerprint")
_KNOWN = (
    select(Device, Voter.voter_id)
    .join(Voter, Voter.id == Device.voter_id)
    .where(or_(and_(_IS_MINE, or_(_IS_THIS, Device.status == DeviceStatus.ACTIVE)), and_(_IS_THIS, _IN_USE, ~_IS_MINE)))
    .order_by(_IS_MINE.desc(), Voter.voter_id)
    .limit(MOST_NAMED + 2)
)
"""The member's own at most two, and some of the others who use this one."""


def _known(fingerprint: bytes, voter_id: int) -> tuple[list[Device], list[str]]:
    """Return the member's own, this one and the bound one, and the voter IDs of others with this one."""
    found = db.session.execute(_KNOWN, {"fingerprint": fingerprint, "voter_id": voter_id}).all()
    others = [number for device, number in found if device.voter_id != voter_id]
    return [device for device, _number in found if device.voter_id == voter_id], others[:MOST_NAMED]


def _own(voter_id: int, fingerprint: bytes) -> Device | None:
    return db.session.scalar(select(Device).where(Device.voter_id == voter_id, Device.fingerprint == fingerprint))


def _add(voter_id: int, claim: _Claim, status: DeviceStatus, actor: Actor) -> Device:
    added: Device | None = db.session.scalar(
        insert(Device)
        .values(
            voter_id=voter_id, kind=claim.kind, fingerprint=claim.fingerprint, public_key=claim.key,
            label=_label(actor), status=status, created_at=utc_now(),
        )
        .on_conflict_do_nothing()
        .returning(Device)
    )  # fmt: skip
    if added is None:
        raise Conflict(_("Another device was bound a moment ago. Load the page again."))
    return added


def _label(actor: Actor) -> str:
    return (actor.user_agent or _("Unknown device"))[:MAX_LABEL]
