"""A position beside the fence, as a small drawing to scale: numbers for an SVG, computed on the server."""

from __future__ import annotations

import math
from dataclasses import dataclass

from models import AttendanceRecord
from services.attendance.sessions import fence_of
from services.geo import Place, Position, distance_m

WIDTH, HEIGHT = 320, 220
"""Pixels at 1:1, so that letters keep their size."""
MARGIN = 26
LEAST = 5.0
"""Pixels of the smallest circle that is seen."""
METRES_A_DEGREE = 111_195.0
ROUND = (1, 2, 5)


@dataclass(frozen=True)
class Drawing:
    """Pixels from the upper left corner; `distance_m` from the middle of the place to the phone, in metres.

    `bar` is the length in pixels of a scale of `bar_m` metres; `vague`: the circle of accuracy leaves the drawing.
    """

    place: tuple[float, float, float]
    phone: tuple[float, float]
    accuracy: float
    distance_m: int
    accuracy_m: int
    radius_m: int
    bar: float
    bar_m: int
    width: int = WIDTH
    height: int = HEIGHT


def drawing(record: AttendanceRecord) -> Drawing | None:
    """Return the drawing of a check-in; None without a fence, or without a position (any more)."""
    fence = fence_of(record.session)
    if fence is None or record.latitude is None or record.longitude is None:
        return None
    return draw(fence, Position(record.latitude, record.longitude, record.accuracy_m or 0.0))


def draw(fence: Place, phone: Position) -> Drawing:
    """Put place and phone on a plane around their middle, as large as the drawing allows.

    The plane is an equirectangular one: within some kilometres its error is below a pixel. Further away only the
    direction is meant, and the distance stands beside it in words.
    """
    across = (phone.longitude - fence.longitude + 180) % 360 - 180
    east = across * math.cos(math.radians(fence.latitude)) * METRES_A_DEGREE
    north = (phone.latitude - fence.latitude) * METRES_A_DEGREE
    # The circle of accuracy counts up to the size of the rest: one of a whole town would hide where the two are.
    known = max(math.hypot(east, north), fence.radius_m)
    circle = min(phone.accuracy_m, known)
    left, right = min(-fence.radius_m, east - circle), max(fence.radius_m, east + circle)
    low, high = min(-fence.radius_m, north - circle), max(fence.radius_m, north + circle)
    scale = min((WIDTH - 2 * MARGIN) / (right - left), (HEIGHT - 2 * MARGIN) / (high - low))
    middle_x, middle_y = WIDTH / 2 - (left + right) / 2 * scale, HEIGHT / 2 + (low + high) / 2 * scale
    bar_m = _round_below(70 / scale)
    return Drawing(
        place=(round(middle_x, 1), round(middle_y, 1), round(max(fence.radius_m * scale, LEAST), 1)),
        phone=(round(middle_x + east * scale, 1), round(middle_y - north * scale, 1)),
        accuracy=round(max(phone.accuracy_m * scale, LEAST), 1), distance_m=round(distance_m(fence, phone)),
        accuracy_m=round(phone.accuracy_m), radius_m=round(fence.radius_m), bar=round(bar_m * scale, 1), bar_m=bar_m,
    )  # fmt: skip


def _round_below(metres: float) -> int:
    """Return the largest of 1, 2, 5, 10, 20, … that is not above."""
    power = int(10 ** max(0, math.floor(math.log10(max(metres, 1.0)))))
    return max(digit * power for digit in ROUND if digit * power <= max(metres, 1.0))
