"""A development engine without dlib: it reads who is in the picture, and how the head is held, from painted patches.

`draw_face` paints such a picture; `FakeEngine` reads it back, also after a JPEG. Nothing here recognises anybody:
production refuses to start with it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from services.face_service.detection import Box
from services.face_service.engine import Encoding, Face, Landmarks
from services.face_service.images import Pixels
from services.face_service.mean_face import MEAN_FACE, turned, with_closed_eyes
from services.face_service.quality import Purpose, measure

log = logging.getLogger(__name__)

PATCH = 32
"""Side in pixels of a painted patch; large enough to survive JPEG."""
MARK = (200, 40, 160)
MAX_YAW, MAX_PITCH = 45.0, 30.0
LEVELS = 6
"""Steps a colour channel of the identity patch can take, 40 apart: 216 people."""
EYE_SPAN = 110
"""Distance between the outer eye corners in pixels: a face box 180 px wide."""


def draw_face(
    person: int,
    yaw: float = 0.0,
    pitch: float = 0.0,
    closed: float = 0.0,
    *,
    faces: int = 1,
    seed: int = 0,
    light: int = 120,
    size: tuple[int, int] = (640, 480),
) -> Pixels:
    """Return a picture that FakeEngine reads as `person` (0 to 215) with the head turned and nodded by degrees.

    yaw > 0 is the person's own left; `closed` is the share of the eyes' closing; `seed` changes the noise, so that
    no two frames are the same; `light` is the grey level of the ground; size is (width, height) in pixels.
    """
    width, height = size
    noise = np.random.default_rng(seed).integers(-55, 56, (height, width), dtype=np.int16)
    grey = np.clip(noise + np.int16(light), 0, 255).astype(np.uint8)
    picture: Pixels = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    values = [
        MARK,
        tuple(20 + 40 * (person // LEVELS**i % LEVELS) for i in range(3)),
        _grey(yaw / MAX_YAW),
        _grey(pitch / MAX_PITCH),
        _grey(2 * closed - 1),
        (40 * faces,) * 3,
    ]
    for index, colour in enumerate(values):
        picture[:PATCH, index * PATCH : (index + 1) * PATCH] = colour
    return picture


def _grey(share: float) -> tuple[int, int, int]:
    value = round(127.5 + 120 * max(-1.0, min(1.0, share)))
    return value, value, value


class FakeEngine:
    """Deterministic stand-in for DlibEngine, for fast tests and for machines without a camera."""

    name = "fake"

    def __init__(self) -> None:
        log.warning("FAKE FACE ENGINE: faces are read from painted patches, nobody is recognised. No election with it.")

    def detect(
        self, image: Pixels, quick: bool = False, near: Box | None = None, purpose: Purpose = "enrol"
    ) -> list[Face]:
        """Return the painted faces; a picture without the mark has none."""
        patches = self._patches(image)
        if patches is None or np.abs(patches[0] - MARK).max() > 25:
            return []
        yaw, pitch, closed = ((patches[i].mean() - 127.5) / 120 for i in (2, 3, 4))
        model = with_closed_eyes(MEAN_FACE, float(np.clip((closed + 1) / 2, 0, 1)))
        flat = turned(model, yaw * MAX_YAW, pitch * MAX_PITCH)
        count = round(float(patches[5].mean()) / 40)
        return [self._place(image, flat, index, max(1, count)) for index in range(count)]

    def _place(self, image: Pixels, flat: NDArray[np.float64], index: int, count: int) -> Face:
        height, width = image.shape[:2]
        middle = np.array([width * (index + 1) / (count + 1), height * 0.4])
        points = (flat * EYE_SPAN + middle).astype(np.float32)
        left, top = (int(value) for value in middle - (0.8 * EYE_SPAN, 0.4 * EYE_SPAN))
        box = (left, top, left + round(1.64 * EYE_SPAN), top + round(1.64 * EYE_SPAN))
        chip = np.ascontiguousarray(image[max(0, top) : box[3], max(0, left) : box[2]])
        return Face(box, points, 2.0, measure(box[2] - box[0], points, chip), chip)

    def follow(self, image: Pixels, before: Face) -> Face | None:
        """Return the first painted face."""
        return next(iter(self.detect(image)), None)

    def eye_landmarks(self, image: Pixels, face: Face) -> Landmarks:
        """Return the landmarks as painted."""
        return face.landmarks

    def encode(self, image: Pixels, face: Face) -> Encoding:
        """Return a vector of norm 1.5 seeded by the person's colour, a little off when the head is turned."""
        patches = self._patches(image)
        steps = np.zeros(3) if patches is None else np.round((patches[1] - 20) / 40)
        number = int(sum(int(step) * LEVELS**i for i, step in enumerate(steps)))
        vector = _direction(number) * 1.5 + _direction(10_000 + number) * 0.6 * abs(face.quality.yaw)
        return np.asarray(vector, dtype=np.float32)

    def encode_many(self, found: Sequence[tuple[Pixels, Face]], mirrored: bool = False) -> list[Encoding]:
        """Return the encodings of several faces; a painted person looks the same in a mirror."""
        return [self.encode(image, face) for image, face in found]

    def preload(self) -> None:
        """There is nothing to load."""

    def trouble(self) -> str | None:
        """Return None: production refuses this engine altogether."""
        return None

    def _patches(self, image: Pixels) -> np.ndarray | None:
        if image.ndim != 3 or image.shape[0] < PATCH or image.shape[1] < 6 * PATCH:
            return None
        inner = slice(PATCH // 4, -PATCH // 4)
        strip = image[:PATCH].astype(float)
        return np.array([strip[:, i * PATCH : (i + 1) * PATCH][inner, inner].mean(axis=(0, 1)) for i in range(6)])


def _direction(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(size=128)
    return vector / np.linalg.norm(vector)
