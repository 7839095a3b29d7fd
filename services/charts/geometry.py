"""Where everything of a chart stands, whoever draws it.

Places are parts of the drawing's width and height, from the left and from the top, so that a drawing is as wide as its
place and its words keep their size; `dx` and `dy` are pixels on a page and points in print. Charts start at zero,
share one colour and carry their values; times to come are dashed, "None of the above" is hatched.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

LONGEST = 0.66
"""The longest bar's part of the width: its figures need the rest, on a phone (360 px) too."""
BAR_TOP, BAR_DEPTH = 0.22, 0.56
WORDS_AFTER = 10.0
"""Pixels between a bar and its figures."""
COLUMNS_HEIGHT = 136
"""Pixels; what follows are parts of it: the floor, the foot of the labels, the tallest column, one to come."""
FLOOR, LABELS, TALLEST, TO_COME = 112 / 136, 130 / 136, 87 / 136, 10 / 136
VALUE_ABOVE = 5.0
FILLED_PART = 0.78
"""The part of its place that a column fills."""
WIDEST_STEP, CLIMB = 0.2, 0.94
"""The widest place of a round in a climb, and the part of its height that the tallest column takes."""
MOST_VALUES = 13
"""More columns than this leave no room for figures on a phone (360 px)."""


class Look(enum.StrEnum):
    """How a bar or column is filled."""

    FULL = "full"
    HATCHED = "hatched"
    TO_COME = "to_come"


@dataclass(frozen=True)
class Column:
    """One column of a chart over time; `value` None is a time that has not begun."""

    label: str
    value: int | None


@dataclass(frozen=True)
class Box:
    """A filled rectangle."""

    left: float
    top: float
    width: float
    height: float
    look: Look = Look.FULL


@dataclass(frozen=True)
class Words:
    """Words at a place; `strong` stand first, `light` behind them. `base` is their foot, or the middle of a bar."""

    at: float
    base: float
    strong: str = ""
    light: str = ""
    dx: float = 0.0
    dy: float = 0.0
    centred: bool = False


@dataclass(frozen=True)
class Rule:
    """A straight line: the zero of the chart."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Figure:
    """All of a drawing, in the order in which it is drawn; `mark` is a dashed line over the boxes."""

    boxes: tuple[Box, ...]
    words: tuple[Words, ...]
    rule: Rule
    mark: Rule | None = None


def bar(count: int, share: str, most: int, hatched: bool = False) -> Figure:
    """Return one bar from zero with its count and share beside it; the longest bar of the chart has `most`."""
    length = LONGEST * count / most if most else 0.0
    box = Box(0.0, BAR_TOP, length, BAR_DEPTH, Look.HATCHED if hatched else Look.FULL)
    return Figure((box,), (Words(length, 0.5, f"{count:,}", share, dx=WORDS_AFTER),), Rule(0.0, 0.0, 0.0, 1.0))


def climb(values: list[int], most: int, mark: int = 0) -> Figure:
    """Return one candidate's votes round after round: a column each, `most` being the tallest of the whole chart.

    `mark` is a height to be reached, such as a quota; 0 for none.
    """
    top = max(most, mark)
    width = min(WIDEST_STEP, 1 / len(values))
    boxes = [
        Box(number * width, 1 - CLIMB * value / top, width * FILLED_PART, CLIMB * value / top)
        for number, value in enumerate(values)
        if top and value
    ]
    line = Rule(0.0, 1 - CLIMB * mark / top, 1.0, 1 - CLIMB * mark / top) if mark else None
    return Figure(tuple(boxes), (), Rule(0.0, 1.0, 1.0, 1.0), line)


def columns(given: list[Column]) -> Figure:
    """Return columns over time, `COLUMNS_HEIGHT` high."""
    most = max((column.value or 0 for column in given), default=0)
    boxes, words = [], []
    for number, column in enumerate(given):
        middle, height = (number + 0.5) / len(given), _height(column, most)
        width = FILLED_PART / len(given)
        look = Look.TO_COME if column.value is None else Look.FULL
        boxes.append(Box(middle - width / 2, FLOOR - height, width, height, look))
        words.append(Words(middle, LABELS, light=column.label, centred=True))
        if column.value and len(given) <= MOST_VALUES:
            words.append(Words(middle, FLOOR - height, light=f"{column.value:,}", dy=-VALUE_ABOVE, centred=True))
    return Figure(tuple(boxes), tuple(words), Rule(0.0, FLOOR, 1.0, FLOOR))


def _height(column: Column, most: int) -> float:
    if column.value is None:
        return TO_COME
    return TALLEST * column.value / most if most else 0.0
