"""The figures of a printed result: the line of sums, bars from zero, the table."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from reportlab.platypus import Flowable, Table

from services.exports import pdf_parts as parts
from services.results import Result, Share

NAME_WIDTH = parts.TEXT_WIDTH - parts.BAR_WIDTH


def figures(result: Result, styles: parts.Styles) -> Table:
    """Return the line of figures between two ink rules; `spoiled` only where there can be spoiled ballots."""
    turnout = result.turnout
    sums = [
        (_("Turnout"), f"{turnout.percent:.1f} %"),
        (_("Voted"), _("%(voted)s of %(on_roll)s", voted=f"{turnout.voted:,}", on_roll=f"{turnout.on_roll:,}")),
        (_("Ballots counted"), f"{result.total or 0:,}"),
        (result.nota.name, f"{result.nota.count or 0:,}"),
        *([(_("Spoiled"), f"{result.balance.spoiled:,}")] if result.secret else []),
    ]
    cells = [
        [styles.paragraph(name, 9, 12, textColor=parts.INK_SECOND), styles.paragraph(value, 15, 20, bold=True)]
        for name, value in sums
    ]
    rules: list[Any] = [
        ("LINEABOVE", (0, 0), (-1, 0), 1.4, parts.INK),
        ("LINEBELOW", (0, 0), (-1, 0), 1.4, parts.INK),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 8),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ]
    weights = [0.9, 1.4, 1.2, 1.2, 0.8][: len(sums)]
    widths = [parts.TEXT_WIDTH * weight / sum(weights) for weight in weights]
    return Table([cells], colWidths=widths, style=rules, spaceBefore=16)


def bars(lines: list[tuple[str, str, Any]], nota: Share | None, styles: parts.Styles) -> Table:
    """Return the chart as rows of name and bar, so that a long list may continue on the next page.

    A line is (name, note, what has a count and a share); without a share the bar carries its count alone.
    """
    most = max([nota.count or 0 if nota else 0, *(line.count or 0 for _name, _note, line in lines)])
    rows = [[name_cell(name, note, styles), _bar(line, most, styles)] for name, note, line in lines]
    if nota:
        rows.append([name_cell(nota.name, "", styles), _bar(nota, most, styles, hatched=True)])
    rules: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (0, -1), 10),
        ("RIGHTPADDING", (1, 0), (1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 0),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (0, -1), 3),
        ("BOTTOMPADDING", (0, 0), (0, -1), 3),
    ]
    return Table(rows, colWidths=[NAME_WIDTH, parts.BAR_WIDTH], style=rules)


def name_cell(name: str, note: str, styles: parts.Styles) -> list[Flowable]:
    """Return a name with what stands under it."""
    cell: list[Flowable] = [styles.paragraph(name, 10.5, 13.5, bold=True)]
    if note:
        cell.append(styles.paragraph(note, 9, 12, textColor=parts.INK_SECOND))
    return cell


def table(result: Result, styles: parts.Styles) -> Table:
    """Return every count; who is elected is said in words, not by colour."""
    motion = result.presence is not None and result.presence.motion
    head = [_("Answer") if motion else _("Candidate"), "" if motion else _("Party"), _("Votes"), _("Share")]
    alone = "" if motion else _("No party")
    rows = [(_named(row, result), row.party or alone, row.count, row.share) for row in result.rows]
    rows.append((result.nota.name, "" if motion else "NOTA", result.nota.count, result.nota.share))
    body = [
        _cells([name, party, f"{count or 0:,}", f"{share or 0.0:.1f} %"], styles) for name, party, count, share in rows
    ]
    foot = _cells([_("All"), "", f"{result.total or 0:,}", "100 %" if result.total else ""], styles, bold=True)
    widths = [0.42 * parts.TEXT_WIDTH, 0.34 * parts.TEXT_WIDTH, 0.12 * parts.TEXT_WIDTH, 0.12 * parts.TEXT_WIDTH]
    rows_of_table = [_cells(head, styles, bold=True, size=9), *body, foot]
    return Table(rows_of_table, colWidths=widths, style=parts.table_rules(), repeatRows=1)


def _named(row: Any, result: Result) -> str:
    return _("%(name)s (elected)", name=row.name) if row.winner and result.final else str(row.name)


def _bar(line: Any, most: int, styles: parts.Styles, hatched: bool = False) -> Flowable:
    share = getattr(line, "share", None)
    return parts.bar(styles.face, line.count or 0, "" if share is None else f"{share:.1f} %", most, hatched)


def _cells(texts: list[str], styles: parts.Styles, bold: bool = False, size: float = 10) -> list[Flowable]:
    """Return one table row; the two columns of figures stand right."""
    right = len(texts) - 2
    return [
        styles.paragraph(text, size, size + 3.5, bold=bold, alignment=2 if number >= right else 0)
        for number, text in enumerate(texts)
    ]
