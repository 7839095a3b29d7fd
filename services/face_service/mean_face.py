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

_HALF = np.array([
    # jaw, from the ear down to the chin: points 0 to 8
    [-.806, .036, -.75], [-.791, .253, -.72], [-.767, .474, -.65], [-.737, .696, -.55], [-.679, .894, -.45],
    [-.560, 1.058, -.35], [-.403, 1.203, -.24], [-.211, 1.323, -.17], [0, 1.357, -.15],
])
_BROW = np.array([[-.666, -.105, -.38], [-.575, -.222, -.28], [-.427, -.263, -.20], [-.273, -.245, -.16], [-.131, -.185, -.15]])
_NOSE = np.array([
    [0, -.035, -.19], [0, .102, -.13], [0, .238, -.06], [0, .387, 0],
    [-.155, .479, -.17], [-.087, .502, -.12], [0, .533, -.09], [.087, .502, -.12], [.155, .479, -.17],
])
_EYE = np.array([
    [-.500, 0, -.32], [-.412, -.055, -.27], [-.309, -.055, -.25], [-.216, .012, -.26], [-.316, .033, -.26], [-.417, .032, -.28],
])
_MOUTH = np.array([
    [-.343, .735, -.25], [-.211, .694, -.17], [-.096, .671, -.12], [0, .692, -.11], [.096, .671, -.12], [.211, .694, -.17],
    [.343, .735, -.25], [.218, .845, -.18], [.100, .893, -.13], [0, .907, -.12], [-.100, .893, -.13], [-.218, .845, -.18],
    [-.291, .743, -.23], [-.097, .740, -.13], [0, .750, -.12], [.097, .740, -.13], [.291, .743, -.23],
    [.099, .792, -.14], [0, .805, -.13], [-.099, .792, -.14],
])
_FLIP = np.array([-1.0, 1.0, 1.0])

MEAN_FACE: NDArray[np.float64] = np.concatenate([
    _HALF, _HALF[-2::-1] * _FLIP, _BROW, _BROW[::-1] * _FLIP, _NOSE, _EYE, _EYE[[3, 2, 1, 0, 5, 4]] * _FLIP, _MOUTH,
])
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
