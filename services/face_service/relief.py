"""Relief: does the tip of the nose leave the surface of the face when the head moves? Read from pixels, not landmarks.

Landmarks are fitted to what heads look like, so they see some depth in a bent photograph too. The picture itself does
not: paper bends about one axis only. Bent about an upright axis, all that lies on one upright line keeps moving
together, however tight the bend; bent about a level axis, all that lies on one level line does. The tip of a real nose
runs ahead of both the bridge and mouth above and below it and the cheeks beside it.

Known gap, from geometry: a print bent tightly (1.0 half faces) about an axis slanting by 30 to 60 degrees and turned by
40 shows .03 to .06, in one direction only; for the turn to the other side it must be bent the other way.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from services.face_service.images import Pixels
from services.face_service.mean_face import MEAN_FACE
from services.face_service.signals import Points, Series, inter_ocular

SIDE = 160
EYES = 56.0
"""Distance between the eye centres in a patch, px: a face 180 px wide keeps its size."""
ORIGIN = (SIDE / 2, 0.30 * SIDE)
CHEEK = 0.55
"""Way to the cheeks from the nose, in eye distances; still inside a face turned by 30 degrees."""
SMOOTH = 7
JPEG_QUALITY = 95
INNER = (36, 39, 42, 45, 48, 54)
_SCALE = EYES / float(inter_ocular(MEAN_FACE[:, :2]))
_PLACES = MEAN_FACE[list(INNER), :2] * _SCALE + np.array(ORIGIN)
_EYE_ROW, _MOUTH_ROW = float(_PLACES[:4, 1].mean()), float(_PLACES[4:, 1].mean())
_NO_RELIEF = (0.0, 0.0)


def _straighten(anchors: Points) -> NDArray[np.float64]:
    """Return the (2, 3) map that brings eye and mouth corners to their places; anchors as in signals.ANCHORS."""
    corners = np.column_stack([np.asarray(anchors[4:10], dtype=np.float64), np.ones(6)])
    return np.asarray(np.linalg.lstsq(corners, _PLACES, rcond=None)[0].T, dtype=np.float64)


def patch_of(image: Pixels, anchors: Points) -> Pixels:
    """Return the face of an RGB frame as a grey patch (160, 160) with eye and mouth corners at fixed places."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    patch = cv2.warpAffine(grey, _straighten(anchors), (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    return np.asarray(patch, dtype=np.uint8)


def nose_of(anchors: Points) -> Series:
    """Return where the tip of the nose lies in the patch of these (11, 2) anchors, px."""
    return np.asarray(_straighten(anchors) @ np.append(anchors[10], 1.0), dtype=np.float64)


def relief(straight: Pixels, nose: Series, patch: Pixels) -> tuple[float, float]:
    """Return how far the nose tip ran ahead of the face between two patches, across and down, in eye distances.

    `nose` is its place in `straight`. Across is the lead over its upright line; down the smaller of the lead over its
    level line and of what its upright line has more than those of the cheeks.
    """
    equal = cv2.createCLAHE(2.0, (4, 4))
    # Built here each time: one of these must not be shared between threads.
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    raw = np.zeros((*straight.shape, 2), dtype=np.float32)
    raw = np.asarray(flow.calc(equal.apply(straight), equal.apply(patch), raw), dtype=np.float32)
    moved = np.asarray(cv2.blur(raw, (SMOOTH, SMOOTH)), dtype=np.float64) / EYES
    if not np.isfinite(moved).all():
        return _NO_RELIEF
    x, y = (float(value) for value in np.clip(nose, 0, SIDE - 1))
    middle, left, right = (_column(moved, place, y) for place in (x, x - CHEEK * EYES, x + CHEEK * EYES))
    beside = (_at(moved, x - CHEEK * EYES, y) + _at(moved, x + CHEEK * EYES, y)) / 2
    over_row = float((_at(moved, x, y) - beside)[1])
    # A near camera lets the middle of a pitched print run ahead, but of all its upright lines alike.
    over_both = float((middle - (left + right) / 2)[1])
    down = min(abs(over_row), abs(over_both)) * np.sign(over_row) if over_row * over_both > 0 else 0.0
    return round(float(middle[0]), 4), round(float(down), 4)


def _column(flow: NDArray[np.float64], x: float, y: float) -> Series:
    """Return the lead of the place at height y over the places of eyes and mouth on the same upright line."""
    share = (y - _EYE_ROW) / (_MOUTH_ROW - _EYE_ROW)
    return _at(flow, x, y) - (1 - share) * _at(flow, x, _EYE_ROW) - share * _at(flow, x, _MOUTH_ROW)


def _at(flow: NDArray[np.float64], x: float, y: float) -> Series:
    column, row = (int(np.clip(round(value), 0, SIDE - 1)) for value in (x, y))
    return np.asarray(flow[row, column], dtype=np.float64)


def pack(patch: Pixels) -> bytes:
    """Return the patch as JPEG file, about 10 KB, for the state of a challenge."""
    good, data = cv2.imencode(".jpg", patch, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data.tobytes() if good else b""


def unpack(data: bytes) -> Pixels | None:
    """Return the patch that `pack` stored, None when there is none."""
    if not data:
        return None
    found = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
    return None if found is None else np.asarray(found, dtype=np.uint8)
