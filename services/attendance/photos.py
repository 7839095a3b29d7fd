"""Pictures of a check-in: kept encrypted, and compared with earlier ones by how they look."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, cast, func, or_, select
from sqlalchemy.dialects.postgresql import BIT

from models import AttendanceAttempt, AttendanceRecord, FlagKind, Layer, Voter, db
from services import pictures, storage
from services.attendance import layers
from services.attendance.photo_hash import SAME_BITS, photo_hash
from services.context import platform
from services.errors import NotFound, ValidationFailed
from services.face_service.errors import BadImage
from services.face_service.images import decode_image, encode_jpeg

ROOM_SIDE = 1280
"""Longest side in pixels of the kept photo of the room: enough to see who sits where, about 200 KB."""
ROOM_QUALITY = 80


def take_room(attempt: AttendanceAttempt, content: bytes) -> None:
    """Keep the photo of the room and compare it; raises PictureTooLarge, and ValidationFailed for no picture."""
    pictures.check_size(content, "photo")
    try:
        picture = decode_image(content, ROOM_SIDE)
    except BadImage as error:
        raise ValidationFailed(fields={"photo": error.message}) from error
    attempt.room_path = platform().storage.save_private(storage.FACES, encode_jpeg(picture, ROOM_QUALITY))
    attempt.room_hash = photo_hash(picture)
    seen_here = or_(AttendanceRecord.session_id == attempt.session_id, AttendanceRecord.voter_id == attempt.voter_id)
    same = _same(AttendanceRecord.room_hash, attempt.room_hash, SAME_BITS, seen_here)
    if same:
        layers.flag(attempt, FlagKind.SAME_PHOTO, photo=Layer.ROOM.value, **same)
    layers.note(attempt, Layer.ROOM, layers.DOUBTFUL if same else layers.PASSED)


def keep_selfie(attempt: AttendanceAttempt, shot: bytes) -> None:
    """Keep the picture of the live check, a JPEG, and flag one that this member sent before."""
    attempt.selfie_path = platform().storage.save_private(storage.FACES, shot)
    attempt.selfie_hash = photo_hash(decode_image(shot))
    # One person before one wall looks alike each time: only what agrees in every bit is the same picture.
    same = _same(AttendanceRecord.selfie_hash, attempt.selfie_hash, 0, AttendanceRecord.voter_id == attempt.voter_id)
    if same:
        layers.flag(attempt, FlagKind.SAME_PHOTO, photo=Layer.SELFIE.value, **same)


def read(path: str | None) -> bytes:
    """Return a kept picture, a JPEG; raises NotFound when there is none any more, and FileDamaged."""
    if path is None:
        raise NotFound(_("There is no such picture any more."))
    return platform().storage.read(path)


def _same(column: Any, wanted: int, most: int, among: ColumnElement[bool]) -> dict[str, Any]:
    """Find a record with the same photo; return the evidence, empty when there is none."""
    apart = func.bit_count(cast(column.bitwise_xor(wanted), BIT(64)))
    found = db.session.execute(
        select(AttendanceRecord.session_id, Voter.voter_id, apart)
        .join(Voter, Voter.id == AttendanceRecord.voter_id)
        .where(among, column.is_not(None), apart <= most)
        .order_by(apart, AttendanceRecord.id)
    ).first()
    return {} if found is None else {"meeting": found[0], "voter_number": found[1], "bits_apart": int(found[2])}
