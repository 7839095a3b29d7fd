"""An average face of 68 landmarks in three dimensions, for the development engine and the test films.

Across and down: the median of dlib's landmarks over many frontal photographs, mirrored and averaged. Depth: rounded
from generic anthropometric proportions. Unit: the distance between the outer eye corners; x to the right of the
picture, y down, z toward the camera; the origin lies between the eyes, the tip of the nose has z = 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

AXIS_DEPTH = -0.9
"""Depth of the axis about which a head turns and nods, in the unit above."""

_HALF = np.array(
    [
        # jaw, from the ear down to the chin: points 0 to 8
        [-0.806, 0.036, -0.75],
        [-0.791, 0.253, -0.72],
        [-0.767, 0.474, -0.65],
        [-0.737, 0.696, -0.55],
        [-0.679, 0.894, -0.45],
        [-0.560, 1.058, -0.35],
        [-0.403, 1.203, -0.24],
        [-0.211, 1.323, -0.17],
        [0, 1.357, -0.15],
    ]
)
_BROW = np.array(
    [
        [-0.666, -0.105, -0.38],
        [-0.575, -0.222, -0.28],
        [-0.427, -0.263, -0.20],
        [-0.273, -0.245, -0.16],
        [-0.131, -0.185, -0.15],
    ]
)
_NOSE = np.array(
    [
        [0, -0.035, -0.19],
        [0, 0.102, -0.13],
        [0, 0.238, -0.06],
        [0, 0.387, 0],
        [-0.155, 0.479, -0.17],
        [-0.087, 0.502, -0.12],
        [0, 0.533, -0.09],
        [0.087, 0.502, -0.12],
        [0.155, 0.479, -0.17],
    ]
)
_EYE = np.array(
    [
        [-0.500, 0, -0.32],
        [-0.412, -0.055, -0.27],
        [-0.309, -0.055, -0.25],
        [-0.216, 0.012, -0.26],
        [-0.316, 0.033, -0.26],
        [-0.417, 0.032, -0.28],
    ]
)
_MOUTH = np.array(
    [
        [-0.343, 0.735, -0.25],
        [-0.211, 0.694, -0.17],
        [-0.096, 0.671, -0.12],
        [0, 0.692, -0.11],
        [0.096, 0.671, -0.12],
        [0.211, 0.694, -0.17],
        [0.343, 0.735, -0.25],
        [0.218, 0.845, -0.18],
        [0.100, 0.893, -0.13],
        [0, 0.907, -0.12],
        [-0.100, 0.893, -0.13],
        [-0.218, 0.845, -0.18],
        [-0.291, 0.743, -0.23],
        [-0.097, 0.740, -0.13],
        [0, 0.750, -0.12],
        [0.097, 0.740, -0.13],
        [0.291, 0.743, -0.23],
        [0.099, 0.792, -0.14],
        [0, 0.805, -0.13],
        [-0.099, 0.792, -0.14],
    ]
)
_FLIP = np.array([-1.0, 1.0, 1.0])

MEAN_FACE: NDArray[np.float64] = np.concatenate(
    [
        _HALF,
        _HALF[-2::-1] * _FLIP,
        _BROW,
        _BROW[::-1] * _FLIP,
        _NOSE,
        _EYE,
        _EYE[[3, 2, 1, 0, 5, 4]] * _FLIP,
        _MOUTH,
    ]
)
UPPER_LIDS, LOWER_LIDS = (37, 38, 43, 44), (41, 40, 47, 46)


def turned(points: NDArray[np.float64], yaw: float, pitch: float = 0.0) -> NDArray[np.float64]:
    """Turn (n, 3) points about the head's axes and drop the depth: (n, 2).

    Angles in degrees: yaw > 0 moves the nose to the right of the picture, pitch > 0 moves it down.
    """
    x, y, z = points[:, 0], points[:, 1] - NOD_HEIGHT, points[:, 2] - AXIS_DEPTH
    a, b = np.radians(yaw), np.radians(pitch)
    across, depth = x * np.cos(a) + z * np.sin(a), z * np.cos(a) - x * np.sin(a)
    down = y * np.cos(b) + depth * np.sin(b)
    return np.stack([across, down + NOD_HEIGHT], axis=1)


NOD_HEIGHT = 0.9
"""Height of the axis of a nod below the eyes, in the unit above: about where the skull sits on the neck."""


def with_closed_eyes(points: NDArray[np.float64], closed: float) -> NDArray[np.float64]:
    """Return a copy with the upper lids lowered by the share `closed` (0 open, 1 shut) of the opening."""
    lowered = points.copy()
    lowered[list(UPPER_LIDS)] += closed * (points[list(LOWER_LIDS)] - points[list(UPPER_LIDS)])
    return lowered
