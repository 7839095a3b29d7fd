"""How much a face looks filmed from a screen: a figure for the record, which decides nothing.

The grid of a screen and that of the camera beat against each other; the beat is one sharp peak in the spectrum, where
skin has none. Simulated screens stood apart from real faces completely, prints did not at all (face.md 3.3), and no
screen was filmed for real: therefore it is written down, and nobody is refused by it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from services.face_service.detection import Box
from services.face_service.images import Pixels

Spectrum = NDArray[np.float64]
Rings = NDArray[np.int64]

SIDE = 256
"""Side in pixels to which the face is brought."""
LEAST_SIDE = 80
"""Narrowest face in pixels that is looked at, as for a login (face.md, section 4)."""
LOWEST, HIGHEST = 24, 124
"""Cycles a chip within which a beat shows: below lie the features of a face, above the corners of the spectrum."""


def screen_peak(picture: Pixels, box: Box) -> float | None:
    """Return the highest peak of the face's spectrum above its ring, in standard deviations; None for no chip.

    `picture` is (height, width, 3) RGB, `box` (left, top, right, bottom) in its pixels. Windowed by Hann,
    log amplitude, minus the median of all frequencies of the same length: about 3 for skin, more for a screen.
    """
    left, top, right, bottom = box
    chip = picture[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if min(chip.shape[:2]) < LEAST_SIDE:
        return None
    grey = cv2.resize(cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    window = np.hanning(SIDE)
    levels = (grey.astype(np.float64) - float(grey.mean())) * np.outer(window, window)
    amplitude = np.log(np.abs(np.fft.fftshift(np.fft.fft2(levels))) + 1e-3)
    above = amplitude - _ring_medians(amplitude)
    # What was enlarged holds nothing beyond its own half frequency.
    inside = above[_band(min(HIGHEST, min(chip.shape[:2]) // 2 - 4))]
    return round(float(inside.max() / max(float(inside.std()), 1e-6)), 2)


def _rings() -> Rings:
    across = np.arange(SIDE) - SIDE // 2
    return np.asarray(np.hypot(*np.meshgrid(across, across)), dtype=np.int64)


def _band(highest: int) -> NDArray[np.bool_]:
    rings = _rings()
    return np.asarray((rings >= LOWEST) & (rings <= highest))


def _ring_medians(amplitude: Spectrum) -> Spectrum:
    rings = _rings().ravel()
    order = np.argsort(rings, kind="stable")
    starts = np.flatnonzero(np.diff(rings[order], prepend=-1))
    medians = np.array([np.median(part) for part in np.split(amplitude.ravel()[order], starts[1:])])
    return np.asarray(medians[rings].reshape(amplitude.shape), dtype=np.float64)
