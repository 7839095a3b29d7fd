"""Charts as SVG drawn by the server. No viewBox: a drawing is as wide as its place, and labels keep their size."""

from __future__ import annotations

from markupsafe import Markup

from services.charts.geometry import COLUMNS_HEIGHT, Box, Column, Look, Rule, Words, bar, climb, columns

COLUMN_LOOKS = {
    Look.FULL: Markup('class="column" fill="var(--color-bar)"'),
    Look.TO_COME: Markup(
        'class="future" fill="none" stroke="var(--color-control)" stroke-width="1.5" stroke-dasharray="3 3"'
    ),
}
BAR_LOOKS = {Look.FULL: "bar", Look.HATCHED: "nota"}


def column_chart(given: list[Column], title: str, uid: str) -> Markup:
    """Return the drawing, '' without columns; `uid` keeps the ids of one page apart."""
    if not given:
        return Markup()
    figure = columns(given)
    said = ", ".join(f"{column.label}: {column.value:,}" for column in given if column.value is not None)
    return Markup(
        '<svg class="chart" width="100%" height="{height}" overflow="visible" role="img"'
        ' aria-labelledby="{uid}-t {uid}-d" font-size="14"><title id="{uid}-t">{title}</title>'
        '<desc id="{uid}-d">{said}</desc>{boxes}{words}<line x1="0" x2="100%" y1="{floor}" y2="{floor}"'
        ' stroke="var(--color-line-strong)" stroke-width="2"/></svg>'
    ).format(
        height=COLUMNS_HEIGHT,
        floor=_percent(figure.rule.top),
        uid=uid,
        title=title,
        said=said,
        boxes=Markup().join(_rect(box, COLUMN_LOOKS[box.look]) for box in figure.boxes),
        words=Markup().join(_label(words) for words in figure.words),
    )


def bar_svg(count: int, share: float, most: int, nota: bool = False) -> Markup:
    """Return one bar; its parts have names, because a live page moves them (static/js/modules/live-results.js)."""
    figure = bar(count, f"{share:.1f} %", most, hatched=nota)
    (box,), (words,) = figure.boxes, figure.words
    return Markup(
        '<svg class="line" aria-hidden="true">{box}<line class="axis" x1="0" x2="0" y1="0" y2="100%"/>'
        '<text class="val" data-value="" x="{at}" y="{base}" dx="{dx:g}" dy="0.35em">'
        '<tspan data-count="">{strong}</tspan><tspan class="share" dx="8" data-share="">{light}</tspan></text></svg>'
    ).format(
        box=_rect(box, Markup('class="{}" data-bar=""').format(BAR_LOOKS[box.look])),
        at=_percent(words.at),
        base=_percent(words.base),
        dx=words.dx,
        strong=words.strong,
        light=words.light,
    )


def climb_svg(values: list[int], most: int, mark: int = 0) -> Markup:
    """Return the columns of one candidate's votes, round after round; its figures stand beside it."""
    figure = climb(values, most, mark)
    line = figure.mark
    return Markup('<svg class="climb" aria-hidden="true">{boxes}<line class="axis" {floor}/>{mark}</svg>').format(
        boxes=Markup().join(_rect(box, Markup('class="bar"')) for box in figure.boxes),
        floor=_across(figure.rule),
        mark=Markup('<line class="mark" {}/>').format(_across(line)) if line else Markup(),
    )


def _across(rule: Rule) -> Markup:
    return Markup('x1="{}" y1="{}" x2="{}" y2="{}"').format(
        _percent(rule.left), _percent(rule.top), _percent(rule.right), _percent(rule.bottom)
    )


def _rect(box: Box, look: Markup) -> Markup:
    return Markup('<rect {} x="{}" y="{}" width="{}" height="{}"/>').format(
        look, _percent(box.left), _percent(box.top), _percent(box.width), _percent(box.height)
    )


def _label(words: Words) -> Markup:
    return Markup('<text text-anchor="middle" fill="var(--color-text-2)" x="{}" y="{}" dy="{:g}">{}</text>').format(
        _percent(words.at), _percent(words.base), words.dy, words.light
    )


def _percent(part: float) -> str:
    return f"{100 * part:.2f}%"
