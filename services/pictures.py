"""Public pictures of the ballot: checked by content, re-encoded small and without metadata."""

from __future__ import annotations

import io
from functools import partial
from typing import Literal

from flask_babel import gettext as _
from PIL import Image
from sqlalchemy import exists, select

from models import Candidate, Party, db
from services.context import platform
from services.errors import ValidationFailed
from services.face_service.errors import BadImage
from services.face_service.images import decode_image, encode_jpeg
from services.savepoints import after_commit

LONGEST_SIDE = 512
"""Pixels: twice the largest tile on the kiosk (look.md, section 5), sharp on dense screens."""
BYTES_PER_MB = 1024 * 1024
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
    """Store a portrait (as JPEG) or a symbol (as PNG) of at most 512 px a side and return its path.

    What is transparent becomes white. Raises PictureTooLarge (413), or ValidationFailed (422) for anything but one
    still JPEG, PNG or WebP picture; `field` is the entry that the sentence belongs to.
    """
    check_size(content, field)
    try:
        pixels = decode_image(content, LONGEST_SIDE)
    except BadImage as error:
        raise ValidationFailed(fields={field: error.message}) from error
    if kind == "portrait":
        return platform().storage.save_public(encode_jpeg(pixels), "jpg")
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return platform().storage.save_public(buffer.getvalue(), "png")


def release_public(path: str | None) -> None:
    """Delete a public picture after the commit, unless a party or candidate still shows it.

    Call it after the change is flushed; pictures are kept by content, so several rows may share one.
    """
    if path is None:
        return
    uses = (exists().where(Party.symbol_path == path), exists().where(Candidate.image_path == path))
    if not any(db.session.scalar(select(use)) for use in uses):
        after_commit(partial(platform().storage.delete, path))
