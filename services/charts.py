"""Turnout over the day as SVG drawn by the server (look.md, section 6).

Columns start at zero, share one colour and carry their value; times to come are dashed. The drawing has no viewBox:
it is as wide as its place, and labels keep their size. Bars of a count are a macro of
`templates/components/tables.html`, because they move while the page is open.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

HEIGHT, FLOOR, TALLEST, TO_COME = 136, 112, 87, 10
"""Pixels from the top, and heights of the tallest column and of one that has not begun."""
FILLED = 0.78
"""The part of its place that a column fills."""
MOST_VALUES = 13
"""More columns than this leave no room for figures on a phone (360 px)."""

BEGUN = Markup('class="column" fill="var(--color-bar)"')
TO_COME_LOOK = Markup(
    'class="future" fill="none" stroke="var(--color-control)" stroke-width="1.5" stroke-dasharray="3 3"'
)


@dataclass(frozen=True)
class Column:
    """One column of a chart over time; `value` None is a time that has not begun."""

    label: str
    value: int | None


def column_chart(columns: list[Column], title: str, uid: str) -> Markup:
    """Return the drawing, '' without columns; `uid` keeps the ids of one page apart."""
    if not columns:
        return Markup()
    said = ", ".join(f"{column.label}: {column.value:,}" for column in columns if column.value is not None)
    return Markup(
        '<svg class="chart" width="100%" height="{height}" overflow="visible" role="img"'
        ' aria-labelledby="{uid}-t {uid}-d" font-size="14"><title id="{uid}-t">{title}</title>'
        '<desc id="{uid}-d">{said}</desc>{columns}<line x1="0" x2="100%" y1="{floor}" y2="{floor}"'
        ' stroke="var(--color-line-strong)" stroke-width="2"/></svg>'
    ).format(
        height=HEIGHT,
        floor=FLOOR,
        uid=uid,
        title=title,
        said=said,
        columns=Markup().join(_column(columns, number) for number in range(len(columns))),
    )


def _column(columns: list[Column], number: int) -> Markup:
    column, step = columns[number], 100 / len(columns)
    middle = (number + 0.5) * step
    label = _text(middle, 130, column.label)
    if column.value is None:
        return _rect(middle, step * FILLED, TO_COME, begun=False) + label
    most = max(other.value or 0 for other in columns)
    height = TALLEST * column.value / most if most else 0.0
    shown = column.value and len(columns) <= MOST_VALUES
    value = _text(middle, FLOOR - 5 - height, f"{column.value:,}") if shown else Markup()
    return _rect(middle, step * FILLED, height, begun=True) + value + label


def _rect(middle: float, width: float, height: float, begun: bool) -> Markup:
    look = BEGUN if begun else TO_COME_LOOK
    return Markup('<rect {} x="{:.2f}%" y="{:.1f}" width="{:.2f}%" height="{:.1f}"/>').format(
        look, middle - width / 2, FLOOR - height, width, height
    )


def _text(middle: float, base: float, words: str) -> Markup:
    return Markup('<text text-anchor="middle" fill="var(--color-text-2)" x="{:.2f}%" y="{:.1f}">{}</text>').format(
        middle, base, words
    )
