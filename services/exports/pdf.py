"""The result as a printed sheet (A4): verdict, figures, bars, table, how it adds up, times in both zones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, Table

from services.clock import local_text, utc_text
from services.errors import Conflict
from services.exports import pdf_parts as parts
from services.exports.fonts import choose_face
from services.exports.pdf_pages import Cover, typeset
from services.result_words import balance_sentence, verdict_title, verdict_words
from services.results import Result, Share

NAME_WIDTH = parts.TEXT_WIDTH - parts.BAR_WIDTH


def pdf_export(result: Result, printed_at: datetime, zone: str) -> bytes:
    """Return the PDF; `printed_at` is UTC, `zone` the IANA name of the local time zone.

    Raises Conflict while the counts may not be seen.
    """
    if result.total is None:
        raise Conflict(result.note)
    said = "".join([result.title, result.note, *(row.name + row.party for row in result.rows)])
    styles = parts.Styles(choose_face(said))
    kind = _("Final result") if result.final else _("Count so far, not final")
    cover = Cover(result.title, kind, result.title, f"{_('Result')} – {result.title}")
    return typeset(cover, lambda: _story(result, styles, said, zone), styles, printed_at, zone)


def _story(result: Result, styles: parts.Styles, said: str, zone: str) -> list[Flowable]:
    story: list[Flowable] = [
        styles.paragraph(verdict_title(result), 24, 29, bold=True, spaceBefore=14),
        styles.paragraph(verdict_words(result), 11, 16, spaceBefore=5, textColor=parts.INK_SECOND),
        *([] if result.intact else [_not_intact(styles)]),
        _figures(result, styles, zone),
        CondPageBreak(35 * mm),
        styles.heading(_("Votes for each candidate")),
        _bars([(row.name, row.party, row) for row in result.rows], result.nota, styles),
        CondPageBreak(35 * mm),
        styles.heading(_("Votes for each party")),
        _bars([(party.name, "", party) for party in result.parties], result.nota, styles),
        CondPageBreak(60 * mm),
        styles.heading(_("All figures")),
        _table(result, styles),
        styles.paragraph(balance_sentence(result.balance, result.secret), spaceBefore=12),
        styles.paragraph(_closing_words(result, zone), 9, 13, spaceBefore=6, textColor=parts.INK_SECOND),
    ]
    if styles.face.lacks(said):
        lacking = _("This machine has no font for some letters of a name; a ? stands for each. The CSV has them.")
        story.append(styles.paragraph(lacking, 9, 13, spaceBefore=6, textColor=parts.INK_SECOND))
    return story


def _not_intact(styles: parts.Styles) -> Flowable:
    words = _("The stored election differs from its signed definition. Do not rely on this result.")
    return styles.paragraph(words, 11, 16, bold=True, spaceBefore=6, textColor=parts.DANGER)


def _figures(result: Result, styles: parts.Styles, zone: str) -> Table:
    """Return the line of four figures between two ink rules."""
    turnout = result.turnout
    figures = [
        (_("Turnout"), f"{turnout.percent:.1f} %"),
        (_("Voted"), _("%(voted)s of %(on_roll)s", voted=f"{turnout.voted:,}", on_roll=f"{turnout.on_roll:,}")),
        (_("Ballots counted"), f"{result.total or 0:,}"),
        (_("None of the above"), f"{result.nota.count or 0:,}"),
    ]
    cells = [
        [styles.paragraph(name, 9, 12, textColor=parts.INK_SECOND), styles.paragraph(value, 15, 20, bold=True)]
        for name, value in figures
    ]
    rules: list[Any] = [
        ("LINEABOVE", (0, 0), (-1, 0), 1.4, parts.INK),
        ("LINEBELOW", (0, 0), (-1, 0), 1.4, parts.INK),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 8),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ]
    return Table([cells], colWidths=[parts.TEXT_WIDTH / 4] * 4, style=rules, spaceBefore=16)


def _bars(lines: list[tuple[str, str, Any]], nota: Share, styles: parts.Styles) -> Table:
    """Return the chart as rows of name and bar, so that a long list may continue on the next page."""
    most = max([nota.count or 0, *(line.count or 0 for _name, _note, line in lines)])
    rows = [[_name_cell(name, note, styles), _bar_cell(line, most, styles)] for name, note, line in lines]
    rows.append([_name_cell(nota.name, "", styles), _bar_cell(nota, most, styles, hatched=True)])
    rules: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (0, -1), 10),
        ("RIGHTPADDING", (1, 0), (1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    return Table(rows, colWidths=[NAME_WIDTH, parts.BAR_WIDTH], style=rules)


def _name_cell(name: str, note: str, styles: parts.Styles) -> list[Flowable]:
    cell: list[Flowable] = [styles.paragraph(name, 10.5, 13.5, bold=True)]
    if note:
        cell.append(styles.paragraph(note, 9, 12, textColor=parts.INK_SECOND))
    return cell


def _bar_cell(line: Any, most: int, styles: parts.Styles, hatched: bool = False) -> Flowable:
    return parts.bar(styles.face, line.count or 0, f"{line.share or 0.0:.1f} %", most, hatched)


def _table(result: Result, styles: parts.Styles) -> Table:
    head = [_("Candidate"), _("Party"), _("Votes"), _("Share")]
    rows = [(row.name, row.party or _("No party"), row.count, row.share) for row in result.rows]
    rows.append((result.nota.name, "NOTA", result.nota.count, result.nota.share))
    body = [
        _cells([name, party, f"{count or 0:,}", f"{share or 0.0:.1f} %"], styles) for name, party, count, share in rows
    ]
    foot = _cells([_("All"), "", f"{result.total or 0:,}", "100 %" if result.total else ""], styles, bold=True)
    rules: list[Any] = [
        ("LINEBELOW", (0, 0), (-1, 0), 1.4, parts.INK),
        ("LINEBELOW", (0, 1), (-1, -3), 0.5, parts.HAIRLINE),
        ("LINEABOVE", (0, -1), (-1, -1), 1.4, parts.INK),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    widths = [0.42 * parts.TEXT_WIDTH, 0.34 * parts.TEXT_WIDTH, 0.12 * parts.TEXT_WIDTH, 0.12 * parts.TEXT_WIDTH]
    return Table([_cells(head, styles, bold=True, size=9), *body, foot], colWidths=widths, style=rules, repeatRows=1)


def _cells(texts: list[str], styles: parts.Styles, bold: bool = False, size: float = 10) -> list[Flowable]:
    """Return one table row; the two columns of figures stand right."""
    right = len(texts) - 2
    return [
        styles.paragraph(text, size, size + 3.5, bold=bold, alignment=2 if number >= right else 0)
        for number, text in enumerate(texts)
    ]


def _closing_words(result: Result, zone: str) -> str:
    words = [_("Shares are rounded; they may not add up to exactly 100 %.")]
    for label, moment in ((_("Closed"), result.closed_at), (_("Counted"), result.counted_at)):
        if moment is not None:
            words.append(f"{label}: {local_text(moment, zone)} ({utc_text(moment)}).")
    return " ".join(words)
