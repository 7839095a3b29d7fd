"""What a check-in is judged by: pictures (each view is in the audit log), the way from the last one, live checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from models import AttendanceRecord, AuthEvent, Device, FlagKind, Layer, Voter, VoterFace, db
from services import audit_logger
from services.actor import Actor
from services.attendance import photos, reviews
from services.context import platform
from services.errors import NotFound
from services.face_service import adaptive_threshold
from services.face_service.liveness import NEUTRAL_FRAMES
from services.geo import Position, distance_m
from services.identification.evidence import VIEWED, enrolled_slots

SELFIE, ENROLLED, ROOM, TWIN = "selfie", "enrolled", "room", "twin"
PICTURES = (SELFIE, ENROLLED, ROOM, TWIN)
"""The live face, the enrolled one, the photo of the room, and the earlier photo that one of the two is the same as."""


@dataclass(frozen=True)
class Earlier:
    """The member's check-in before this one that has a position: the way from there, at the best of both accuracies."""

    title: str
    at: datetime
    metres: int
    seconds: int

    @property
    def km_per_hour(self) -> int:
        return round(self.metres / max(self.seconds, 1) * 3.6)


@dataclass(frozen=True)
class Evidence:
    """`shown` are the pictures that are there now; `twin_photo` says which photo was sent before, selfie or room.

    `accepted_up_to`: the distance of faces up to which a live check of this member is accepted.
    """

    shown: frozenset[str]
    twin_photo: str
    twin_of: str
    earlier: Earlier | None
    live_checks: list[AuthEvent]
    device: Device | None
    accepted_up_to: float


def of(record: AttendanceRecord) -> Evidence:
    """Gather the evidence of a check-in, without opening a picture."""
    twin, flag = _twin(record), _same_photo(record)
    paths = {SELFIE: record.selfie_path, ROOM: record.room_path, TWIN: _path(twin, flag.get("photo", ""))}
    shown = {name for name, path in paths.items() if path}
    slots = enrolled_slots(record.voter_id)
    if record.selfie_path and slots:
        shown.add(ENROLLED)
    tried = (AuthEvent.attendance_session_id == record.session_id, AuthEvent.voter_id == record.voter_id)
    checks = db.session.scalars(select(AuthEvent).where(*tried).order_by(AuthEvent.id))
    device = db.session.get(Device, record.device_id) if record.device_id else None
    bar = adaptive_threshold(len(slots), NEUTRAL_FRAMES, platform().settings.face_threshold)
    return Evidence(
        frozenset(shown), flag.get("photo", ""), twin.voter.name if twin else "", _earlier(record), list(checks),
        device, bar,
    )  # fmt: skip


def picture(record_id: int, which: str, actor: Actor) -> bytes:
    """Return a JPEG of a check-in; raises NotFound when it is not there (any more), and FileDamaged."""
    record = reviews.find(record_id, actor)
    path = _path_of(record, which)
    content = photos.read(path)
    audit_logger.record_hourly(
        VIEWED, actor, election_id=None, kind=f"check-in {which}", subject_id=record.id,
        voter_number=record.voter.voter_id,
    )  # fmt: skip
    return content


def _path_of(record: AttendanceRecord, which: str) -> str | None:
    if which == ENROLLED:
        # Only beside a live face: an officer judges this check-in, and looks nobody up.
        return _enrolled_path(record.voter_id) if record.selfie_path else None
    if which == TWIN:
        return _path(_twin(record), _same_photo(record).get("photo", ""))
    if which not in PICTURES:
        raise NotFound(_("There is no such picture any more."))
    return record.selfie_path if which == SELFIE else record.room_path


def _enrolled_path(voter_id: int) -> str | None:
    kept = select(VoterFace.image_snapshot_path).where(VoterFace.voter_id == voter_id)
    return db.session.scalars(
        kept.where(VoterFace.image_snapshot_path.is_not(None)).order_by(VoterFace.slot).limit(1)
    ).first()


def _path(record: AttendanceRecord | None, photo: str) -> str | None:
    if record is None:
        return None
    return record.selfie_path if photo == Layer.SELFIE.value else record.room_path


def _same_photo(record: AttendanceRecord) -> dict[str, str]:
    return next((flag.evidence for flag in record.flags if flag.kind is FlagKind.SAME_PHOTO), {})


def _twin(record: AttendanceRecord) -> AttendanceRecord | None:
    """Return the record whose photo this one's is the same as; the flag names its meeting and member."""
    found = _same_photo(record)
    if not found:
        return None
    same = AttendanceRecord.session_id == found["meeting"], Voter.voter_id == found["voter_number"]
    return db.session.scalar(select(AttendanceRecord).join(Voter).where(*same))


def _earlier(record: AttendanceRecord) -> Earlier | None:
    if record.latitude is None or record.longitude is None:
        return None
    before = (
        AttendanceRecord.voter_id == record.voter_id, AttendanceRecord.latitude.is_not(None),
        AttendanceRecord.checked_in_at < record.checked_in_at,
    )  # fmt: skip
    newest = AttendanceRecord.checked_in_at.desc(), AttendanceRecord.id.desc()
    last = db.session.scalars(select(AttendanceRecord).where(*before).order_by(*newest).limit(1)).first()
    if last is None or last.latitude is None or last.longitude is None:
        return None
    here = Position(record.latitude, record.longitude, record.accuracy_m or 0.0)
    there = Position(last.latitude, last.longitude, last.accuracy_m or 0.0)
    metres = max(0.0, distance_m(here, there) - here.accuracy_m - there.accuracy_m)
    seconds = round((record.checked_in_at - last.checked_in_at).total_seconds())
    return Earlier(last.session.title, last.checked_in_at, round(metres), seconds)
