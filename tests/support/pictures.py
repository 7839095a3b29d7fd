"""Pictures for tests: faces that the fake engine reads, symbols, and what is no picture at all."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from services.face_service import encode_jpeg
from services.face_service.fake_engine import PATCH, draw_face

TWENTY_MB = 20 * 1024 * 1024
TEXT_AS_IMAGE = b"just words, whatever the name of the file says"


def face(person: int = 7, seed: int = 0, **how: Any) -> bytes:
    """Return a JPEG with the contrast of a real face, which `draw_face` alone does not have."""
    picture = draw_face(person, seed=seed, **how)
    below = picture[PATCH:].astype(np.int16)
    stripes = np.where(np.arange(below.shape[1]) // 8 % 2, 35, -35)[None, :, None]
    picture[PATCH:] = np.clip(below + stripes, 0, 255).astype(np.uint8)
    return encode_jpeg(picture)


def plain_picture(
    size: tuple[int, int] = (300, 200), mode: str = "RGB", colour: Any = "teal", kind: str = "PNG", **options: Any
) -> bytes:
    """Return a picture of one colour."""
    buffer = io.BytesIO()
    Image.new(mode, size, colour).save(buffer, kind, **options)
    return buffer.getvalue()


def bomb() -> bytes:
    """Return a small file that unpacks to 400 megapixels."""
    return plain_picture((20_000, 20_000), mode="1", colour=0)


def data_url(content: bytes, kind: str = "jpeg") -> str:
    return f"data:image/{kind};base64," + base64.b64encode(content).decode()
