"""Places on the earth: great-circle distance, and whether a reported position lies within a fence."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius R1 of the GRS 80 ellipsoid (Moritz, Geodetic Reference System 1980); the error of a sphere is 0.5 %."""
GOOD_ACCURACY_M = 50.0
"""A phone's position indoors, by Wi-Fi, is commonly right within 20 to 50 m; worse than that and worse than the
fence's radius says nothing about who stands inside."""


class Standing(enum.StrEnum):
    INSIDE = "inside"
    OUTSIDE = "outside"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Place:
    """A point in degrees (WGS 84), and for a fence its radius in metres."""

    latitude: float
    longitude: float
    radius_m: float = 0.0


@dataclass(frozen=True)
class Position:
    """What a device reports: a point in degrees, and the radius in metres within which it is with 95 % (W3C)."""

    latitude: float
    longitude: float
    accuracy_m: float


def distance_m(one: Place | Position, other: Place | Position) -> float:
    """Return the great-circle distance in metres, by the haversine formula (Sinnott, Sky and Telescope 68, 1984).

    The haversine keeps its digits at small distances, where the law of cosines loses them.
    """
    first, second = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    half = math.sin((second - first) / 2) ** 2 + math.cos(first) * math.cos(second) * math.sin(across / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, half)))


def standing(fence: Place, position: Position) -> Standing:
    """Tell whether a position lies within the fence.

    Outside is only who is outside wherever in the circle of accuracy; who may be inside is unsure. A point within the
    fence counts, unless its circle is wider than both the fence and a phone's usual one.
    """
    away = distance_m(fence, position)
    if away - position.accuracy_m > fence.radius_m:
        return Standing.OUTSIDE
    vague = position.accuracy_m > max(fence.radius_m, GOOD_ACCURACY_M)
    return Standing.UNSURE if vague or away > fence.radius_m else Standing.INSIDE
