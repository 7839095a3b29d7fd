"""Where the faces of a picture are: in a coarse copy, where the last one was, in finer copies, and smaller ones behind.

Functions over one detector that is lent to this thread (detectors.py): nothing is shared, nothing is kept.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from services.face_service.images import Pixels
from services.face_service.quality import MIN_SCORE, SECOND_FACE_SHARE, Purpose
from services.face_service.signals import box_overlap

Box = tuple[int, int, int, int]
"""left, top, right, bottom in px."""
Found = list[tuple[Box, float]]
"""Boxes with the detector's scores."""
Grey = NDArray[np.uint8]

DETECT_SIDE = 320
"""Longest side in pixels of the copy in which faces are sought: 6 ms, none of 61 lost with the fall-backs."""
CNN_SIDE = 640
HOG_LEAST = 80
OTHERS_SHARE: dict[Purpose, float] = {"login": 1.04 * SECOND_FACE_SHARE, "enrol": 0.4}
OTHERS_SIDE = 1280
"""Others are sought down to this share of the main face's width, in a copy of at most this many pixels a side.

The detector's sizes lie 1.2 apart, so that at login the smallest it finds just counts, and stands for faces a little
smaller than that; to look for still smaller ones, which do not count, would double the work."""
SAME_FACE = 0.2
"""Overlap from which two boxes are one face."""
TRACK_SPAN = 2.0
"""Side of the crop in widths of the last box: a head moves less than half of its width between two frames."""
TRACK_FACE = 110
"""Width in px to which the crop brings the face: the detector wants 80, so that a head may also move back."""
TRACK_SCORE = 0.8
"""Below this the whole picture is searched again: of 61 clear portraits 95 % score above 1.33, none below 0.59."""
SAME_SIZE = 1.25
"""The detector's sizes lie 1.2 apart: what differs by less is its grid, not the head."""


def faces_in(image: Pixels, detector: Any, quick: bool, near: Box | None, purpose: Purpose) -> Found:
    """Return what dlib's HOG detector finds in a (height, width, 3) uint8 RGB picture with a score of at least 0.5.

    `near` is the box of the one face of the frame before: a face too small for the coarse copy is sought around it
    (4 ms) before the finer copies of the whole picture are searched (25 to 140 ms).
    After the first face others are sought as far as they count for the purpose (10 to 25 ms more), not with `quick`.
    """
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    small, scale = _shrunk(grey, DETECT_SIDE)
    found = _hog(small, detector, scale) or (_tracked(grey, detector, near) if near else [])
    found = found or _hog(small, detector, scale, 1) or _hog(grey, detector, 1.0, _full_upsample(grey))
    return found if quick or not found else _with_others(grey, detector, found, OTHERS_SHARE[purpose])


def faces_by_cnn(image: Pixels, detector: Any) -> Found:
    """Return what dlib's CNN detector finds, a second of work."""
    small, scale = _shrunk(image, CNN_SIDE)
    found = [(_scaled(item.rect, scale), float(item.confidence)) for item in detector(small, 0)]
    return [(box, score) for box, score in found if score >= MIN_SCORE]


def _tracked(grey: Grey, detector: Any, near: Box) -> Found:
    """Return the one face around the box of the frame before; nothing when it is lost, weak or not alone."""
    half = TRACK_SPAN * (near[2] - near[0]) / 2
    middle = (near[0] + near[2]) / 2, (near[1] + near[3]) / 2
    left, top = (max(0, round(value - half)) for value in middle)
    right, bottom = (min(side, round(value + half)) for value, side in zip(middle, grey.shape[::-1], strict=True))
    scale = (near[2] - near[0]) / TRACK_FACE
    size = round((right - left) / scale), round((bottom - top) / scale)
    if min(size) < HOG_LEAST:
        return []
    way = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    crop = np.asarray(cv2.resize(grey[top:bottom, left:right], size, interpolation=way), dtype=np.uint8)
    found = [(_steady(_moved(box, left, top), near), score) for box, score in _hog(crop, detector, scale)]
    if len(found) != 1 or found[0][1] < TRACK_SCORE or box_overlap(found[0][0], near) < SAME_FACE:
        return []
    return found


def _steady(box: Box, near: Box) -> Box:
    """Return the box with the size it had: one that jumps between two sizes shakes the landmarks, and so the blink."""
    width, height = near[2] - near[0], near[3] - near[1]
    if not 1 / SAME_SIZE <= (box[2] - box[0]) / width <= SAME_SIZE:
        return box
    left, top = (box[0] + box[2] - width) // 2, (box[1] + box[3] - height) // 2
    return left, top, left + width, top + height


def _moved(box: Box, left: int, top: int) -> Box:
    return box[0] + left, box[1] + top, box[2] + left, box[3] + top


def _with_others(grey: Grey, detector: Any, found: Found, share: float) -> Found:
    """Add smaller faces: the detector sees none below 80 px, so the copy is as large as those need."""
    widest = max(box[2] - box[0] for box, _ in found)
    side = min(max(grey.shape) * HOG_LEAST / (share * widest), float(OTHERS_SIDE))
    scale = max(grey.shape) / side
    size = (round(grey.shape[1] / scale), round(grey.shape[0] / scale))
    copy = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    others = _hog(copy, detector, scale)
    return found + [item for item in others if all(box_overlap(item[0], box) < SAME_FACE for box, _ in found)]


def _hog(grey: Grey, detector: Any, factor: float, upsample: int = 0) -> Found:
    rects, scores, _ = detector.run(grey, upsample, 0.0)
    found = [(_scaled(rect, factor), float(score)) for rect, score in zip(rects, scores, strict=True)]
    return [(box, score) for box, score in found if score >= MIN_SCORE]


def _full_upsample(grey: Grey) -> int:
    # Enlarging a 1280-px picture once more costs half a second and hundreds of MB; it then shows 40-px faces only.
    return 1 if max(grey.shape) <= 800 else 0


def _shrunk(image: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], float]:
    scale = max(image.shape[:2]) / side
    if scale <= 1:
        return image, 1.0
    size = (round(image.shape[1] / scale), round(image.shape[0] / scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8), scale


def _scaled(rect: Any, scale: float) -> Box:
    return (
        round(rect.left() * scale),
        round(rect.top() * scale),
        round((rect.right() + 1) * scale) - 1,
        round((rect.bottom() + 1) * scale) - 1,
    )
