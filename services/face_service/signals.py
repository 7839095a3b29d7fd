"""Signals read from 68 facial landmarks: pure functions on arrays of shape (..., 68, 2), pixels, x right and y down.

Formulas and their measured behaviour: face.md, section 3.2. A positive yaw means the nose points to the right of the
(not mirrored) picture: the person turns to their own left.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating]
Series = NDArray[np.float64]

NOSE, CHIN = 30, 8
LEFT_JAW, RIGHT_JAW = slice(0, 3), slice(14, 17)
EYE_A, EYE_B, MOUTH = slice(36, 42), slice(42, 48), slice(48, 68)
RIGID = (0, 2, 14, 16, 36, 39, 42, 45, 48, 54)
"""Landmarks that lie nearly in a plane behind the nose; a picture of a face moves them and the nose alike."""
ANCHORS = (*RIGID, NOSE)
"""What the nose parallax needs; a liveness state keeps these alone."""


def eye_centres(points: Points) -> tuple[Points, Points]:
    """Return the centres of the two eyes, each (..., 2), picture-left first."""
    return points[..., EYE_A, :].mean(axis=-2), points[..., EYE_B, :].mean(axis=-2)


def inter_ocular(points: Points) -> Series:
    """Return the distance between the eye centres in pixels."""
    a, b = eye_centres(points)
    return np.asarray(np.linalg.norm(b - a, axis=-1), dtype=np.float64)


def roll_degrees(points: Points) -> Series:
    """Return the tilt of the eye line in degrees; positive when the picture-right eye is lower."""
    a, b = eye_centres(points)
    return np.asarray(np.degrees(np.arctan2(b[..., 1] - a[..., 1], b[..., 0] - a[..., 0])), dtype=np.float64)


def levelled(points: Points) -> Points:
    """Return the landmarks turned about the eye centre so that the eye line is level."""
    a, b = eye_centres(points)
    angle = -np.radians(roll_degrees(points))
    cos, sin = np.cos(angle)[..., None], np.sin(angle)[..., None]
    moved = points - ((a + b) / 2)[..., None, :]
    return np.stack([moved[..., 0] * cos - moved[..., 1] * sin, moved[..., 0] * sin + moved[..., 1] * cos], axis=-1)


def yaw_ratio(points: Points) -> Series:
    """Return (dl - dr) / (dl + dr), the nose's distances to the jaw sides: 0 straight, about +-0.48 at 24 degrees."""
    level = levelled(points)
    nose = level[..., NOSE, 0]
    left = nose - level[..., LEFT_JAW, 0].mean(axis=-1)
    right = level[..., RIGHT_JAW, 0].mean(axis=-1) - nose
    return _ratio(left - right, left + right)


def pitch_ratio(points: Points) -> Series:
    """Return nose-below-eyes / (nose-below-eyes + chin-below-nose): 0.2 to 0.4 when looking straight."""
    level = levelled(points)
    nose = level[..., NOSE, 1]
    eyes = (level[..., EYE_A, 1].mean(axis=-1) + level[..., EYE_B, 1].mean(axis=-1)) / 2
    return _ratio(nose - eyes, level[..., CHIN, 1] - eyes)


def eye_aspect_ratio(points: Points) -> Series:
    """Return the mean height/width of both eyes: about 0.2 to 0.35 open. Read it against the person's own baseline."""

    def one(start: int) -> Series:
        p = [points[..., start + i, :] for i in range(6)]
        height = np.linalg.norm(p[1] - p[5], axis=-1) + np.linalg.norm(p[2] - p[4], axis=-1)
        return _ratio(height, 2 * np.linalg.norm(p[0] - p[3], axis=-1))

    return (one(36) + one(42)) / 2


def eye_opening(points: Points) -> Series:
    """Return the eye aspect ratio freed from pitch: times the eye distance over the eye-to-mouth height (EAR_n)."""
    a, b = eye_centres(points)
    height = np.linalg.norm(points[..., MOUTH, :].mean(axis=-2) - (a + b) / 2, axis=-1)
    return eye_aspect_ratio(points) * _ratio(inter_ocular(points), np.asarray(height, dtype=np.float64))


def anchors(points: Points) -> Points:
    """Return the 11 landmarks that the parallax needs: (..., 11, 2)."""
    return points[..., list(ANCHORS), :]


def nose_parallax(neutral: Points, series: Points) -> Series:
    """Return how far the nose left the plane of the face, (n, 2) across and down, in eye distances of the frame.

    `neutral` is (11, 2) and `series` (n, 11, 2), as given by `anchors`. A homography explains any movement of a flat
    picture completely; what is left at the nose is real depth (face.md 3.2: live .21, flat .02, bent at most .07).
    """
    return np.array([_parallax(neutral, frame) for frame in series], dtype=np.float64).reshape(-1, 2)


def _parallax(neutral: Points, frame: Points) -> Series:
    # Typed by hand: for points on one line OpenCV gives None, which its stubs deny.
    found: tuple[Any, Any] = cv2.findHomography(neutral[:-1].astype(np.float64), frame[:-1].astype(np.float64), 0)
    plane = found[0]
    if plane is None:
        return np.zeros(2)
    expected = plane @ np.append(neutral[-1], 1.0)
    # Anchors 4 to 7 are the eye corners, so their two means are the eye centres.
    eyes = np.linalg.norm(frame[6:8].mean(axis=0) - frame[4:6].mean(axis=0))
    if abs(expected[2]) < 1e-9 or eyes < 1e-6:
        return np.zeros(2)
    return np.asarray((frame[-1] - expected[:2] / expected[2]) / eyes, dtype=np.float64)


def median3(series: Series) -> Series:
    """Return the running median of three; (n - 2,) values, so that one wild frame at either end cannot pass."""
    if len(series) < 3:
        return np.empty(0)
    return np.median(np.stack([series[:-2], series[1:-1], series[2:]]), axis=0)


def open_baseline(series: Series) -> float:
    """Return the median of the upper half: what the eyes measure when open."""
    return float(np.median(np.sort(series)[len(series) // 2 :]))


def box_overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    """Return intersection over union of two (left, top, right, bottom) boxes, 0 to 1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def _ratio(above: Series, below: Series) -> Series:
    below = np.asarray(below, dtype=np.float64)
    safe = np.where(np.abs(below) < 1e-6, 1e-6, below)
    return np.asarray(above / safe, dtype=np.float64)
