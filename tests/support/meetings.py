"""Meetings, members and their phones, made through the services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import cv2
import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from models import (
    AttendanceAttempt,
    AttendanceRecord,
    AttendanceSession,
    FlagKind,
    Group,
    GroupMember,
    PresenceFlag,
    RecordStatus,
    StaffRole,
    Voter,
    db,
)
from services import attendance
from services.actor import Actor
from services.attendance import device_keys
from services.clock import utc_now
from services.face_service import encode_jpeg
from services.geo import Place, Position
from tests import factories
from tests.support.voter_accounts import with_account

HALL = Place(52.5163, 13.3777, 100)
PHONE = Actor("voter", ip="192.0.2.9", user_agent="Firefox on a phone")
ALL_LAYERS = ("device", "location", "selfie", "room")


def officer() -> Actor:
    """Return a new officer."""
    user = factories.StaffUserFactory(role=StaffRole.OFFICER)
    return Actor("officer", user.id, user.username)


def member(group: Any = None, **values: Any) -> Voter:
    """Return a new voter with an account who is in the group."""
    voter = with_account(**values)
    db.session.add(GroupMember(group_id=(group or factories.GroupFactory()).id, voter_id=voter.id))
    db.session.commit()
    return voter


def meeting(layers: tuple[str, ...] = (), actor: Actor | None = None, **changes: Any) -> AttendanceSession:
    """Make a meeting that began a minute ago and lasts an hour, at the hall."""
    values = {
        "group_id": factories.GroupFactory().id if "group_id" not in changes else 0, "title": "Branch meeting",
        "starts_at": utc_now() - timedelta(minutes=1), "minutes": 60, "layers": layers, "place": HALL, **changes,
    }  # fmt: skip
    made = attendance.sessions.create(attendance.Entries(**values), actor or officer())
    db.session.commit()
    return made


def code(session: AttendanceSession) -> str:
    """Return the code on the screen now."""
    return attendance.codes.shown(session, utc_now()).code


def begin(session: AttendanceSession, voter: Voter) -> AttendanceAttempt:
    """Type the right code; return the open check-in."""
    begun = attendance.checkin.begin(session.id, voter.id, code(session), PHONE)
    db.session.commit()
    assert begun.attempt is not None, begun.entry
    return begun.attempt


def check_in(session: AttendanceSession, voter: Voter) -> AttendanceRecord:
    """Check in to a meeting that asks for the code alone."""
    begun = attendance.checkin.begin(session.id, voter.id, code(session), PHONE)
    db.session.commit()
    assert begun.record is not None, begun.entry
    return begun.record


def kinds(record: AttendanceRecord | None) -> list[str]:
    """Return the kinds of a record's flags."""
    assert record is not None
    return sorted(flag.kind.value for flag in record.flags)


def held_before(group: Group, days: int, present: Sequence[Voter], flags: Sequence[FlagKind] = (),
                layers: tuple[str, ...] = ("device", "location")) -> AttendanceSession:  # fmt: skip
    """Write a meeting of so many days ago with its records: the first member late, the flags on the last one's."""
    start = utc_now() - timedelta(days=days)
    session = AttendanceSession(
        group_id=group.id, title="Branch meeting", starts_at=start, ends_at=start + timedelta(hours=1), layers=layers,
        latitude=HALL.latitude, longitude=HALL.longitude, radius_m=round(HALL.radius_m), created_by=officer().id,
        code_secret=attendance.codes.new_secret(), closed_at=start + timedelta(hours=1), created_at=start,
    )  # fmt: skip
    db.session.add(session)
    db.session.flush()
    passed = {layer: {"result": "passed"} for layer in layers}
    for voter in present:
        doubtful = flags if voter is present[-1] else ()
        found = passed | {"location": {"result": "doubtful"}} if doubtful else passed
        record = AttendanceRecord(
            session_id=session.id, voter_id=voter.id, late=voter is present[0], checked_in_at=start, layers=found,
            status=RecordStatus.FLAGGED if doubtful else RecordStatus.CONFIRMED, created_at=start,
        )  # fmt: skip
        record.flags = [PresenceFlag(kind=kind, evidence={}, created_at=start) for kind in doubtful]
        db.session.add(record)
    db.session.commit()
    return session


class Phone:
    """A phone with a key pair, which signs as WebCrypto does: r and s one after the other."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public_key = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, attempt: AttendanceAttempt) -> bytes:
        """Return the signature of the check-in's nonce."""
        return self.sign_raw(device_keys.message(attempt.id, attempt.nonce))

    def sign_raw(self, content: bytes) -> bytes:
        """Return the signature of these bytes."""
        halves = decode_dss_signature(self._key.sign(content, ec.ECDSA(SHA256())))
        return b"".join(half.to_bytes(32, "big") for half in halves)

    def prove(self, session: AttendanceSession, voter: Voter, signature: bytes | None = None) -> AttendanceRecord:
        """Type the code and prove the device; return the record of a meeting that asks for no more."""
        attempt = begin(session, voter)
        signed = self.sign(attempt) if signature is None else signature
        record = attendance.steps.by_key(session.id, voter.id, self.public_key, signed, PHONE)
        db.session.commit()
        assert record is not None
        return record


def stand(session: AttendanceSession, voter: Voter, north_m: float = 20, accuracy: float = 15, mocked: bool = False,
          place: Place = HALL) -> AttendanceRecord:  # fmt: skip
    """Type the code and give a position so many metres north of the place; return the record."""
    begin(session, voter)
    position = Position(place.latitude + north_m / 111_195, place.longitude, accuracy)
    record = attendance.steps.at(session.id, voter.id, position, mocked, PHONE)
    db.session.commit()
    assert record is not None
    return record


def room_photo(seed: int = 1, quality: int = 90, scale: float = 1.0) -> bytes:
    """Return a photo of a room: another seed is another room, other quality and scale the same one saved anew."""
    coarse = np.random.default_rng(seed).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    large = cv2.resize(coarse, (800, 600), interpolation=cv2.INTER_CUBIC)
    size = round(800 * scale), round(600 * scale)
    return encode_jpeg(np.asarray(cv2.resize(large, size, interpolation=cv2.INTER_AREA), dtype=np.uint8), quality)


def photograph(session: AttendanceSession, voter: Voter, photo: bytes) -> AttendanceRecord:
    """Type the code and send a photo of the room; return the record."""
    begin(session, voter)
    record = attendance.steps.room(session.id, voter.id, photo, PHONE)
    db.session.commit()
    assert record is not None
    return record
