"""Public pictures of the ballot: checked by content, re-encoded small and without metadata."""

from __future__ import annotations

import io
from functools import partial
from typing import Literal

from flask_babel import gettext as _
from PIL import Image
from sqlalchemy import exists, func, select

from models import Candidate, Party, db
from services import audit_logger, email_service
from services.actor import Actor
from services.context import platform
from services.errors import ValidationFailed
from services.face_service.errors import BadImage
from services.face_service.images import decode_image, encode_jpeg
from services.portraits import WORKING_SIDE, in_one_frame
from services.savepoints import after_commit
from services.storage import StoredFile

LONGEST_SIDE = 512
"""Pixels: twice the largest tile on the kiosk (look.md, section 5), sharp on dense screens."""
BYTES_PER_MB = 1024 * 1024
PICTURE_LOCK = 0x50494354
"""Class of the advisory locks under which one public picture is released."""
DAMAGED = "A stored picture is damaged"
DAMAGED_WORDS = (
    "The file {path} in the folder of the pictures is not what was stored there.\n"
    "Somebody changed it, or the disk is failing. Put it back from a backup, or take the picture again."
)
Kind = Literal["portrait", "symbol"]


class PictureTooLarge(ValidationFailed):
    status, code = 413, "too_large"


def check_size(content: bytes, field: str) -> None:
    """Raise PictureTooLarge (413) above MAX_UPLOAD_MB megabytes."""
    limit = platform().settings.max_upload_mb
    if len(content) > limit * BYTES_PER_MB:
        size = len(content) / BYTES_PER_MB
        message = _("This picture has %(size).1f MB. The limit is %(limit)s MB.", size=size, limit=limit)
        raise PictureTooLarge(fields={field: message})


def store_public(content: bytes, kind: Kind, field: str) -> str:
    """Store a portrait (JPEG, cropped to one frame) or a symbol (PNG) of at most 512 px a side and return its path.

    What is transparent becomes white. Raises PictureTooLarge (413), or ValidationFailed (422) for anything but one
    still JPEG, PNG or WebP picture; `field` is the entry that the sentence belongs to.
    """
    check_size(content, field)
    try:
        pixels = decode_image(content, WORKING_SIDE if kind == "portrait" else LONGEST_SIDE)
    except BadImage as error:
        raise ValidationFailed(fields={field: error.message}) from error
    if kind == "portrait":
        return platform().storage.save_public(encode_jpeg(in_one_frame(pixels)), "jpg")
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return platform().storage.save_public(buffer.getvalue(), "png")


def release_public(path: str | None) -> None:
    """Delete a public picture after the commit, unless a party or candidate still shows it.

    Call it after the change is flushed; pictures are kept by content, so several rows may share one. Of two who take
    the same picture off two rows the second waits for the first, and then sees that nobody shows it. One that is
    stored anew before it is deleted stays.
    """
    if path is None:
        return
    _lock(path)
    uses = (exists().where(Party.symbol_path == path), exists().where(Candidate.image_path == path))
    file = platform().storage.find(path)
    if file is not None and not any(db.session.scalar(select(use)) for use in uses):
        after_commit(partial(_delete, file))


def report_damaged(path: str, actor: Actor) -> None:
    """Tell the commissioner that a stored file is not what was stored, and write it down; at most once an hour."""
    if email_service.queue_system_alert(DAMAGED, DAMAGED_WORDS.format(path=path)) is not None:
        audit_logger.record("system:picture:damaged", actor, name=path)


def _delete(file: StoredFile) -> None:
    platform().storage.delete_older(file)


def _lock(path: str) -> None:
    """Until the transaction ends nobody else decides whether this picture is still shown."""
    db.session.execute(select(func.pg_advisory_xact_lock(PICTURE_LOCK, func.hashtext(path))))
