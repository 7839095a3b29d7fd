"""The figure for a screen: high for a simulated screen, low for a plain face, and never a verdict."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from services.face_service.moire import screen_peak
from tests.services.identification import acting

BOX = (200, 100, 440, 340)


def skin(seed: int) -> np.ndarray:
    """Return shapes of a face's scale with a sensor's noise."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.uniform(60, 200, (12, 16, 3)), (640, 480), interpolation=cv2.INTER_CUBIC)
    return np.clip(coarse + rng.normal(0, 4, coarse.shape), 0, 255).astype(np.uint8)


def on_screen(picture: np.ndarray, pitch: float, depth: float = 0.12) -> np.ndarray:
    """Lay the beat of a screen's grid over the picture, slightly turned."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    beat = np.sin(2 * np.pi * (x * np.cos(0.2) + y * np.sin(0.2)) / pitch)
    return np.clip(picture * (1 + depth * beat[..., None]), 0, 255).astype(np.uint8)


def jpeg(picture: np.ndarray) -> np.ndarray:
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


@pytest.mark.parametrize("pitch", [3.1, 4.3, 6.7])
def test_a_screen_stands_far_above_every_plain_face(pitch):
    plain = [screen_peak(jpeg(skin(seed)), BOX) for seed in range(12)]
    screens = [screen_peak(jpeg(on_screen(skin(seed), pitch)), BOX) for seed in range(12)]

    assert max(plain) < 5
    assert min(screens) > max(plain) + 1


def test_a_picture_without_any_light_gives_a_number_all_the_same():
    assert screen_peak(np.zeros((480, 640, 3), np.uint8), BOX) is not None


@pytest.mark.parametrize("box", [(0, 0, 60, 60), (-500, -500, -10, -10), (700, 500, 900, 700)])
def test_a_chip_that_is_too_small_or_outside_gives_none(box):
    assert screen_peak(acting.picture(), box) is None
