"""Pictures in and out: bytes from strangers become contiguous uint8 RGB arrays, or a `BadImage`.

Every rule answers a measured accident of face.md, section 4 (rotated phones, hidden alpha, bombs, cut files).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import io
import re
import struct
import threading

import numpy as np
from flask_babel import gettext as _
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from services.face_service.errors import BadImage

Pixels = NDArray[np.uint8]

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 25_000_000
LARGE_PIXELS = 4_000_000
"""Above it a process unpacks one picture at a time: a WebP of 46 kB and 25 megapixels takes 420 MB, a PNG 220."""
MIN_SIDE = 160
"""Shortest side in pixels; smaller pictures cannot hold a face of 80 px with its surroundings."""
WORKING_SIDE = 1280
"""Longest side after loading; larger pictures cost time and memory and gain nothing (face.md, section 2)."""
FORMATS = ("JPEG", "PNG", "WEBP")
MODES = frozenset({"RGB", "RGBA", "L", "LA", "P", "PA", "CMYK"})
DATA_URL = re.compile(r"data:image/(?:jpeg|png|webp);base64,", re.ASCII)
UNREADABLE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    struct.error,
)
_one_large_at_a_time = threading.Lock()


def decode_image(data: bytes, working_side: int = WORKING_SIDE) -> Pixels:
    """Return the picture as a contiguous (height, width, 3) uint8 RGB array, upright, longest side <= working_side px.

    Raises BadImage for anything but one readable, still JPEG, PNG or WebP picture of at most 8 MB, 25 megapixels
    and at least 160 px a side (limits: face.md, section 4).
    """
    if not isinstance(data, (bytes, bytearray, memoryview)) or len(data) == 0:
        raise BadImage(_("The picture is empty."))
    if len(data) > MAX_BYTES:
        raise BadImage(_("The picture is larger than 8 MB. Use a smaller one."))
    # face_recognition switches this on for the whole process; a cut file would then load with a grey rest.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            return _to_pixels(picture, working_side)
    except UNREADABLE as error:
        raise BadImage() from error


def _to_pixels(picture: Image.Image, working_side: int) -> Pixels:
    _check_header(picture)
    if picture.format in ("JPEG", "MPO"):
        picture.draft("RGB", (working_side, working_side))
    large = picture.size[0] * picture.size[1] > LARGE_PIXELS
    with _one_large_at_a_time if large else contextlib.nullcontext():
        return _unpacked(picture, working_side)


def _unpacked(picture: Image.Image, working_side: int) -> Pixels:
    picture.load()
    small = _without_palette(_upright(picture))
    # Before anything is laid on white: 25 megapixels take 100 MB, and that needs five of them.
    small.thumbnail((working_side, working_side), Image.Resampling.LANCZOS)
    return np.ascontiguousarray(np.asarray(_on_white(small), dtype=np.uint8))


def _check_header(picture: Image.Image) -> None:
    """Refuse by what the header says, before a single pixel is unpacked."""
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise BadImage(_("The picture has more than 25 megapixels. Use a smaller one."))
    if min(width, height) < MIN_SIDE:
        raise BadImage(_("The picture is too small. Use one of at least 160 pixels a side."), tiny=True)
    if picture.mode not in MODES:
        raise BadImage(_("This kind of colour cannot be read. Save the picture as an ordinary JPEG."))
    # A phone's MPO is a JPEG still with a second view behind it, not an animation.
    if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
        raise BadImage(_("The picture moves. Use a still one."))


def _upright(picture: Image.Image) -> Image.Image:
    # Broken EXIF is no reason to refuse a good picture; it only cannot be turned. In place, for lack of a need to copy.
    with contextlib.suppress(*UNREADABLE):
        ImageOps.exif_transpose(picture, in_place=True)
    return picture


def _without_palette(picture: Image.Image) -> Image.Image:
    """Return the picture in a mode whose pixels can be averaged; the average of two transparent ones is transparent."""
    if picture.mode in ("RGBA", "LA"):
        return picture
    if picture.mode == "PA" or "transparency" in picture.info:
        return picture.convert("RGBA")
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    """Flatten transparency on white: plain conversion would reveal a face hidden under alpha 0."""
    if picture.mode not in ("RGBA", "LA"):
        return picture
    layer = picture.convert("RGBA")
    white = Image.new("RGBA", layer.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, layer).convert("RGB")


def decode_data_url(url: str, working_side: int = WORKING_SIDE) -> Pixels:
    """Return the picture of a `data:image/...;base64,` URL; raises BadImage (strict base64, no junk skipped)."""
    return decode_image(data_url_bytes(url), working_side)


def data_url_bytes(url: str) -> bytes:
    """Return the bytes inside a picture's data URL without decoding the picture; raises BadImage."""
    found = DATA_URL.match(url) if isinstance(url, str) else None
    if found is None:
        raise BadImage(_("The camera sent no picture. Reload the page."))
    if len(url) - found.end() > (MAX_BYTES + 2) // 3 * 4:
        raise BadImage(_("The picture is larger than 8 MB. Use a smaller one."))
    text = url[found.end() :]
    # validate=True still takes padding that nothing needs.
    if len(text) % 4:
        raise BadImage(_("The camera sent a damaged picture. Try again."))
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadImage(_("The camera sent a damaged picture. Try again.")) from error


def encode_jpeg(pixels: Pixels, quality: int = 90) -> bytes:
    """Return the (height, width, 3) uint8 RGB array as JPEG bytes without metadata; quality 1 to 95."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
