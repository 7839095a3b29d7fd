"""The charts of the pages, drawn for print: services/charts says where everything stands. Lengths are points."""

from __future__ import annotations

from typing import Any

from reportlab.graphics.shapes import Drawing, Group, Line, Rect, String
from reportlab.lib.colors import HexColor, white
from reportlab.pdfbase.pdfmetrics import stringWidth

from services.charts import Box, Figure, Look, Words
from services.exports.fonts import Face

INK, INK_BAR, INK_SECOND = HexColor("#0b2e39"), HexColor("#123f4d"), HexColor("#1b5263")
STRONG_SIZE, LIGHT_SIZE = 10.5, 9.0
GAP = 6.0
"""Between a count and its share."""
MIDDLE_TO_FOOT = 3.6
"""From the middle of a line of figures to its foot."""
HATCH_STEP = 5.0
FILLED: dict[str, Any] = {"fillColor": INK_BAR, "strokeColor": None}
OUTLINED: dict[str, Any] = {"fillColor": white, "strokeColor": INK_BAR, "strokeWidth": 1}
DASHED: dict[str, Any] = {"fillColor": None, "strokeColor": INK_SECOND, "strokeWidth": 0.8, "strokeDashArray": [2, 2]}
MARK: dict[str, Any] = {"strokeColor": INK_SECOND, "strokeWidth": 0.8, "strokeDashArray": [3, 2]}


def drawing(figure: Figure, width: float, height: float, face: Face, beyond: float = 0.0) -> Drawing:
    """Return the figure as a drawing of this size; an upright rule goes `beyond` it, to meet its neighbours."""
    made = Drawing(width, height)
    for box in figure.boxes:
        made.add(_box(box, width, height))
    rule = figure.rule
    beyond = beyond if rule.left == rule.right else 0.0
    made.add(Line(
        rule.left * width, (1 - rule.top) * height + beyond, rule.right * width, (1 - rule.bottom) * height - beyond,
        strokeColor=INK, strokeWidth=1.4,
    ))  # fmt: skip
    if (mark := figure.mark) is not None:
        height_of = (1 - mark.top) * height
        made.add(Line(mark.left * width, height_of, mark.right * width, height_of, **MARK))
    for words in figure.words:
        for line in _words(words, width, height, face):
            made.add(line)
    return made


def _box(box: Box, width: float, height: float) -> Rect | Group:
    left, bottom = box.left * width, (1 - box.top - box.height) * height
    size = box.width * width, box.height * height
    if box.look is Look.HATCHED:
        return _hatched(left, bottom, *size)
    return Rect(left, bottom, *size, **(DASHED if box.look is Look.TO_COME else FILLED))


def _words(words: Words, width: float, height: float, face: Face) -> list[String]:
    left, foot = words.at * width + words.dx, (1 - words.base) * height - words.dy
    if words.centred:
        return [String(left, foot, words.light, textAnchor="middle", **_light(face))]
    strong: dict[str, Any] = {"fontName": face.bold, "fontSize": STRONG_SIZE, "fillColor": INK}
    after = left + stringWidth(words.strong, face.bold, STRONG_SIZE) + GAP
    foot -= MIDDLE_TO_FOOT
    return [String(left, foot, words.strong, **strong), String(after, foot, words.light, **_light(face))]


def _light(face: Face) -> dict[str, Any]:
    return {"fontName": face.regular, "fontSize": LIGHT_SIZE, "fillColor": INK_SECOND}


def _hatched(left: float, bottom: float, width: float, height: float) -> Group:
    """Return a box outlined, with strokes at 45 degrees cut to its edges."""
    group = Group(Rect(left, bottom, width, height, **OUTLINED))
    start = -height
    while start < width:
        first, last = max(start, 0.0), min(start + height, width)
        if last > first:
            low, high = bottom + first - start, min(bottom + last - start, bottom + height)
            group.add(Line(left + first, low, left + last, high, strokeColor=INK_BAR, strokeWidth=1.6))
        start += HATCH_STEP
    return group
