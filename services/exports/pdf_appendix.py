"""What follows the count in a printed result: turnout, rules, lots, booth sheets, lines to sign on."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Table

from services.booth_sheet import Figures, Sheet, document_words, equation, explained
from services.exports import pdf_parts as parts
from services.exports.pdf_figures import bars
from services.exports.pdf_notes import note_lines
from services.result_report import Appendix, turnout_heading
from services.result_words import resolution_facts, rules_heading, tie_sentence
from services.results import Resolution, Result, Share

SIGNERS = 2
TOP = ("VALIGN", (0, 0), (-1, -1), "TOP")


def turnout(appendix: Appendix, styles: parts.Styles, zone: str) -> list[Flowable]:
    """Return votes over time as the desk's columns and by channel as bars; nothing without figures."""
    begun = [column for column in appendix.turnout if column.value is not None]
    if not begun:
        return []
    channels = [(name, "", Share(name, count, None)) for name, count in appendix.channels]
    story = [
        CondPageBreak(55 * mm),
        styles.heading(turnout_heading(appendix.by_hour)),
        styles.small(_("Local time, %(zone)s. Who voted when is not shown anywhere.", zone=zone)),
        parts.columns(styles.face, appendix.turnout),
    ]
    if channels:
        story += [CondPageBreak(40 * mm), styles.heading(_("Votes by channel")), bars(channels, None, styles)]
    return story


def resolution(made: Resolution, styles: parts.Styles, zone: str) -> list[Flowable]:
    """Return how the tie was resolved: by what lot, when, by whom, before whom."""
    heading = styles.heading(_("How the tie was resolved"))
    return [KeepTogether([heading, styles.facts(resolution_facts(made, zone))])]


def rules(result: Result, styles: parts.Styles) -> list[Flowable]:
    """Return how the winner is found, the lot order, and what the tie was about."""
    if not result.rules:
        return []
    said = [styles.paragraph(rule, 10, 14, spaceBefore=3) for rule in result.rules]
    if result.lot_order:
        names = ", ".join(f"{place}. {name}" for place, name in enumerate(result.lot_order, start=1))
        said.append(styles.paragraph(_("Lot order, published before opening: %(names)s.", names=names), spaceBefore=3))
    if sentence := tie_sentence(result):
        said.append(styles.paragraph(sentence, 10, 14, bold=True, spaceBefore=3))
    heading = rules_heading(result.presence is not None and result.presence.motion)
    return [KeepTogether([styles.heading(heading), *said])]


def sheets(appendix: Appendix, styles: parts.Styles, zone: str) -> list[Flowable]:
    """Return a line a booth with its equation and the notes on it, and the sum of all."""
    if not appendix.sheets:
        return []
    total = sum((sheet.total for sheet in appendix.sheets), Figures())
    open_ones = sum(not sheet.balanced for sheet in appendix.sheets)
    verdict = _("All booth sheets balance.") if not open_ones else ngettext(
        "%(num)d booth sheet does not balance.", "%(num)d booth sheets do not balance.", open_ones
    )  # fmt: skip
    if missing := sum(not explained(sheet, appendix.notes) for sheet in appendix.sheets):
        unsaid = ngettext("%(num)d of them has no note.", "%(num)d of them have no note.", missing)
        verdict = f"{verdict} {unsaid}"
    rows: list[list[Any]] = [
        [styles.paragraph(name, 9, 12.5, bold=True) for name in (_("Booth"), _("Check-ins and what became of them"))],
        *(_sheet_row(sheet, appendix, styles, zone) for sheet in appendix.sheets),
        [styles.paragraph(_("All"), bold=True), styles.paragraph(equation(total), bold=True)],
    ]
    widths = [38 * mm, parts.TEXT_WIDTH - 38 * mm]
    table = Table(rows, colWidths=widths, style=[*parts.table_rules(), TOP], repeatRows=1)
    return [CondPageBreak(50 * mm), styles.heading(_("Booth sheets")), styles.paragraph(verdict), table]


def signatures(result: Result, styles: parts.Styles) -> list[Flowable]:
    """Return lines for the commission to sign on; a count that is not final is not signed."""
    if not result.final or result.undecided:
        return []
    gap = 8 * mm
    wide = (parts.TEXT_WIDTH - gap) / SIGNERS
    label = styles.small(_("For the Election Commission: name, signature, date"))
    lines: list[Any] = [
        ("LINEABOVE", (0, 0), (0, 0), 0.8, parts.INK),
        ("LINEABOVE", (2, 0), (2, 0), 0.8, parts.INK),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
    ]
    return [KeepTogether([Table([[label, "", label]], colWidths=[wide, gap, wide], style=lines, spaceBefore=24 * mm)])]


def _sheet_row(sheet: Sheet, appendix: Appendix, styles: parts.Styles, zone: str) -> list[Any]:
    said = " ".join(filter(None, [equation(sheet.total), document_words(sheet.total)]))
    colour = parts.INK if sheet.balanced else parts.DANGER
    notes = note_lines(sheet, appendix.notes, styles, zone)
    return [styles.paragraph(sheet.name), [styles.paragraph(said, textColor=colour), *notes]]
