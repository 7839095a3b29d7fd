"""Portraits of candidates in one frame: every head has the same height in a square, so that no one stands out."""

from __future__ import annotations

import numpy as np
from PIL import Image

from services.context import platform
from services.face_service.errors import FaceError
from services.face_service.images import Pixels

WORKING_SIDE = 1600
"""Pixels: a head in a picture of a whole room is still sharp after the crop."""
SIDE = 512
"""Pixels: twice the largest tile on the kiosk (look.md, section 5), sharp on dense screens."""
SMALLEST_SIDE = 256
HEAD_PER_BOX = 1.5
"""Height of a head, chin to crown, over that of the detector's box (brows to chin), measured on portraits."""
HEAD_SHARE = 0.62
"""Part of the square's height that a head takes."""
BOX_CENTRE = 0.5
"""Where the middle of the box stands from the top: as much room over the crown as a portrait has."""
GROUND = (255, 255, 255)
"""What is beyond the picture's edge; the tiles of ballots are white as well."""
Window = tuple[int, int, int]
"""Left, top and side in pixels; may reach beyond the picture."""


def in_one_frame(pixels: Pixels) -> Pixels:
    """Return the portrait as a square of 256 to 512 px: the head in the frame, or the middle where no face is found."""
    left, top, side = _window(pixels)
    height, width = pixels.shape[:2]
    square = np.full((side, side, 3), GROUND, dtype=np.uint8)
    x, y = max(left, 0), max(top, 0)
    part = pixels[y : min(top + side, height), x : min(left + side, width)]
    square[y - top : y - top + part.shape[0], x - left : x - left + part.shape[1]] = part
    wanted = min(max(side, SMALLEST_SIDE), SIDE)
    picture = Image.fromarray(square).resize((wanted, wanted), Image.Resampling.LANCZOS)
    return np.ascontiguousarray(np.asarray(picture))


def _window(pixels: Pixels) -> Window:
    height, width = pixels.shape[:2]
    try:
        faces = platform().faces.engine.detect(pixels, quick=True)
    except FaceError:
        # A busy or missing engine must not keep a candidate off the ballot.
        faces = []
    if not faces:
        side = min(height, width)
        return (width - side) // 2, (height - side) // 2, side
    left, top, right, bottom = faces[0].box
    side = round((bottom - top) * HEAD_PER_BOX / HEAD_SHARE)
    wanted_left = round((left + right) / 2 - side / 2)
    wanted_top = round((top + bottom) / 2 - side * BOX_CENTRE)
    return _within(wanted_left, side, width), _within(wanted_top, side, height), side


def _within(start: int, side: int, length: int) -> int:
    """Move the window into the picture where it fits; where the picture is too small keep it in the middle."""
    if side >= length:
        return (length - side) // 2
    return min(max(start, 0), length - side)
