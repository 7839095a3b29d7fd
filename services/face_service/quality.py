"""Quality of one face and the gates before login and enrolment; thresholds from face.md, section 4."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import cv2
import numpy as np

from services.face_service import signals
from services.face_service.errors import (
    BadLight,
    BadPose,
    FaceError,
    FaceTooSmall,
    MultipleFaces,
    NoFace,
    TooBlurry,
    TooBright,
)
from services.face_service.images import Pixels

Purpose = Literal["login", "enrol"]
MIN_SCORE = 0.5
"""HOG score below which a box is not taken for a face."""
SECOND_FACE_SHARE = 0.5
"""At login a second face counts from this share of the main face's width; at enrolment every second face counts."""


@dataclass(frozen=True)
class Quality:
    """px: box width; sharpness: Laplacian variance; mean, std: grey levels of the aligned 150-px chip; angles."""

    px: float
    sharpness: float
    mean: float
    std: float
    yaw: float
    pitch: float
    roll: float

    def as_dict(self) -> dict[str, float]:
        """Return the figures rounded for storage as JSON."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Gate:
    px: float
    sharpness: float
    darkest: float
    brightest: float
    contrast: float
    yaw: float
    roll: float
    pitch: tuple[float, float] | None


GATES: dict[Purpose, Gate] = {
    "login": Gate(px=80, sharpness=30, darkest=45, brightest=190, contrast=18, yaw=0.25, roll=20, pitch=None),
    "enrol": Gate(px=100, sharpness=80, darkest=60, brightest=190, contrast=25, yaw=0.20, roll=15, pitch=(0.20, 0.40)),
}

PROBLEMS: dict[str, type[FaceError]] = {
    kind.code: kind for kind in (NoFace, MultipleFaces, FaceTooSmall, TooBlurry, BadLight, TooBright, BadPose)
}
ADVICE: dict[str, str] = {code: kind.message for code, kind in PROBLEMS.items()} | {"no_face": BadPose.message}


def measure(box_width: float, landmarks: signals.Points, chip: Pixels) -> Quality:
    """Return the quality of a face from its box width (px), (68, 2) landmarks and aligned RGB chip."""
    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)
    mean, std = cv2.meanStdDev(grey)
    _, edges = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_64F))
    return Quality(
        px=float(box_width),
        sharpness=float(edges[0, 0] ** 2),
        mean=float(mean[0, 0]),
        std=float(std[0, 0]),
        yaw=float(signals.yaw_ratio(landmarks)),
        pitch=float(signals.pitch_ratio(landmarks)),
        roll=float(signals.roll_degrees(landmarks)),
    )


def problem_of(quality: Quality, purpose: Purpose) -> str | None:
    """Return the code of the first gate that the face misses, or None; the code has an entry in `ADVICE`."""
    gate = GATES[purpose]
    if quality.px < gate.px:
        return FaceTooSmall.code
    if quality.mean > gate.brightest:
        return TooBright.code
    if quality.mean < gate.darkest or quality.std < gate.contrast:
        return BadLight.code
    if abs(quality.yaw) > gate.yaw or abs(quality.roll) > gate.roll:
        return BadPose.code
    if gate.pitch and not gate.pitch[0] <= quality.pitch <= gate.pitch[1]:
        return BadPose.code
    # Last, because a small, dark or turned face also reads as blurred and that advice would not help.
    if quality.sharpness < gate.sharpness:
        return TooBlurry.code
    return None


def count_people(widths: list[float], purpose: Purpose) -> int:
    """Return how many faces of these box widths (px, any order) count as people in front of the camera."""
    if not widths:
        return 0
    least = SECOND_FACE_SHARE * max(widths) if purpose == "login" else 0.0
    return sum(width >= least for width in widths)


def error_for(code: str) -> FaceError:
    """Return the exception that belongs to a problem code."""
    return PROBLEMS[code]()


def is_usable(vector: np.ndarray) -> bool:
    """Tell whether an encoding is 128 finite numbers."""
    return vector.shape == (128,) and bool(np.isfinite(vector).all())
