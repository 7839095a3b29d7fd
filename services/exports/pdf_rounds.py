"""A ranked count in a printed result: chart, what happened in each round, all votes."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from reportlab.platypus import Flowable, Table

from services import charts
from services.exports import pdf_parts as parts
from services.exports.drawings import drawing
from services.exports.pdf_figures import name_cell
from services.rounds import Line, Rounds, as_table

ROUNDS_A_ROW = 6
"""Rounds that fit beside a name on a page."""


def rounds(told: Rounds, styles: parts.Styles) -> list[Flowable]:
    """Return a ranked count: a strip of columns for each candidate, what happened in each round, all votes."""
    most = max(cell.units for line in told.lines for cell in line.cells)
    strips = [
        [
            name_cell(line.name, line.fate, styles),
            _strip(line, most, told, styles),
            styles.paragraph(line.votes, bold=True, alignment=2),
        ]
        for line in told.lines
    ]
    place = parts.TEXT_WIDTH
    rules: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, parts.HAIRLINE),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    story: list[Flowable] = [
        styles.small(f"{told.rule}. {told.explained}"),
        styles.paragraph(_quota(told), spaceBefore=5, spaceAfter=4),
        Table(strips, colWidths=[0.36 * place, 0.46 * place, 0.18 * place], style=rules),
    ]
    for one in told.rounds:
        said = f"{one.number}. {one.title}. {' '.join(one.sentences)}"
        story.append(styles.paragraph(said.strip(), 10, 14, spaceBefore=4))
    return [*story, *(_round_tables(told, styles))]


def _quota(told: Rounds) -> str:
    said = _("%(valid)s ballots with a first preference.", valid=f"{told.valid:,}")
    return f"{said} {_('Quota: %(quota)s votes, the dashed line.', quota=told.quota)}" if told.quota else said


def _strip(line: Line, most: int, told: Rounds, styles: parts.Styles) -> Flowable:
    figure = charts.climb([cell.units for cell in line.cells], most, told.quota_units)
    return drawing(figure, 0.42 * parts.TEXT_WIDTH, 34, styles.face)


def _round_tables(told: Rounds, styles: parts.Styles) -> list[Flowable]:
    """Return all votes, some rounds beside each other as they fit the page, the next ones below."""
    head, *body = as_table(told)
    story: list[Flowable] = []
    for start in range(1, len(head) - 1, ROUNDS_A_ROW):
        part = range(start, min(start + ROUNDS_A_ROW, len(head) - 1))
        rows = [
            [head[0], *(str(place) for place in part)],
            *([row[0], *(row[place] for place in part)] for row in body),
        ]
        cells = [
            [
                styles.paragraph(text, 8.5, 11, bold=number == 0, alignment=2 if place else 0)
                for place, text in enumerate(row)
            ]
            for number, row in enumerate(rows)
        ]
        widths = [0.28 * parts.TEXT_WIDTH, *[0.12 * parts.TEXT_WIDTH] * len(part)]
        table = Table(cells, colWidths=widths, style=parts.table_rules(), repeatRows=1, hAlign="LEFT", spaceBefore=10)
        story.append(table)
    return story
