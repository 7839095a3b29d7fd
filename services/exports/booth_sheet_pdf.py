"""All booth sheets of an election to print and sign (A4): a summary, then each booth on a page of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, PageBreak, Table

from models import Election
from services.booth_sheet import Figures, Sheet, document_words, equation
from services.clock import local_text, utc_text
from services.exports import pdf_parts as parts
from services.exports.fonts import choose_face
from services.exports.pdf_notes import Notes, note_lines, words_of
from services.exports.pdf_pages import Cover, typeset

FIRST_COLUMN = 44 * mm
HOUR = timedelta(hours=1)


def booth_sheet_pdf(
    election: Election,
    sheets: list[Sheet],
    notes: Notes,
    printed_at: datetime,
    zone: str,
    frozen_at: datetime | None = None,
) -> bytes:
    """Return the PDF; `printed_at` is UTC, `zone` the IANA name of the local time zone.

    `frozen_at` is when the sheets were written down for good, None while they are counted at each print.
    """
    styles = parts.Styles(choose_face("".join([election.title, *(sheet.name for sheet in sheets), words_of(notes)])))
    name = f"{_('Booth sheets')} – {election.title}"
    cover = Cover(election.title, _("Booth sheets"), name, name)
    lead = f"{_period(election, zone)} {_standing(frozen_at, zone)}"
    return typeset(cover, lambda: _story(lead, sheets, notes, styles, zone), styles, printed_at, zone)


def _story(lead: str, sheets: list[Sheet], notes: Notes, styles: parts.Styles, zone: str) -> list[Flowable]:
    everything = sum((sheet.total for sheet in sheets), Figures())
    open_ones = [sheet for sheet in sheets if not sheet.balanced]
    verdict = _("All sheets balance") if not open_ones else _("Not every sheet balances")
    names = ", ".join(sheet.name for sheet in open_ones)
    story: list[Flowable] = [
        styles.paragraph(verdict if sheets else _("No booth was opened"), 24, 29, bold=True, spaceBefore=14),
        styles.paragraph(lead, 11, 16, spaceBefore=5, textColor=parts.INK_SECOND),
        styles.paragraph(equation(everything), 11, 16, spaceBefore=8),
        *_if_said(document_words(everything), styles),
        *([styles.paragraph(_("Look at: %(names)s.", names=names), 11, 16, bold=True, spaceBefore=4)] if names else []),
        styles.heading(_("All booths")),
        _table(_("Booth"), [([sheet.name], sheet.total, sheet.balanced) for sheet in sheets], everything, styles),
        styles.paragraph(_explanation(), 9, 13, spaceBefore=10, textColor=parts.INK_SECOND),
    ]
    for sheet in sheets:
        if sheet.lines:
            story += [PageBreak(), *_booth(sheet, notes, styles, zone)]
    return story


def _booth(sheet: Sheet, notes: Notes, styles: parts.Styles, zone: str) -> list[Flowable]:
    lines = [(_hour_words(line.begins, zone), line.figures, line.figures.balanced) for line in sheet.lines]
    end: list[Flowable] = [
        styles.paragraph(equation(sheet.total), 10, 14, bold=not sheet.balanced, spaceBefore=10),
        *_if_said(document_words(sheet.total), styles),
        *note_lines(sheet, notes, styles, zone),
    ]
    heading = [styles.heading(sheet.name), *_if_said(_open_words(sheet, zone), styles)]
    return [
        *heading,
        _table(_("Hour"), lines, sheet.total, styles),
        KeepTogether([*end, _signatures(styles)]),
    ]


def _table(first: str, rows: list[tuple[list[str], Figures, bool]], total: Figures, styles: parts.Styles) -> Table:
    """Return a table of figures; the first cell of a row is one line, or two: local time, UTC."""
    names = [_("Check-ins"), _("Votes"), _("Left"), _("Expired"), _("By doc."), _("Refused"), _("Open"), _("Balances")]
    body = [_row(label, figures, balanced, styles) for label, figures, balanced in rows]
    all_balance = all(balanced for _label, _figures, balanced in rows)
    foot = _row([_("All")], total, all_balance, styles, bold=True)
    head = [
        styles.paragraph(name, 8.5, 11, bold=True, alignment=2 if place else 0, textColor=parts.INK_SECOND)
        for place, name in enumerate([first, *names])
    ]
    rules: list[Any] = [
        ("LINEBELOW", (0, 0), (-1, 0), 1.4, parts.INK),
        ("LINEBELOW", (0, 1), (-1, -3), 0.5, parts.HAIRLINE),
        ("LINEABOVE", (0, -1), (-1, -1), 1.4, parts.INK),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    rest = (parts.TEXT_WIDTH - FIRST_COLUMN) / len(names)
    return Table([head, *body, foot], colWidths=[FIRST_COLUMN, *[rest] * len(names)], style=rules, repeatRows=1)


def _row(label: list[str], figures: Figures, balanced: bool, styles: parts.Styles, bold: bool = False) -> list[Any]:
    numbers = (
        figures.checkins, figures.votes, figures.left, figures.expired, figures.by_document, figures.refused,
        figures.waiting,
    )  # fmt: skip
    first = [styles.paragraph(label[0], 10, 13, bold=bold)]
    first += [styles.paragraph(more, 8.5, 11, textColor=parts.INK_SECOND) for more in label[1:]]
    word = _("yes") if balanced else _("NO")
    colour = parts.INK if balanced else parts.DANGER
    return [
        first,
        *(styles.paragraph(f"{number:,}", 10, 13, bold=bold, alignment=2) for number in numbers),
        styles.paragraph(word, 10, 13, bold=bold or not balanced, alignment=2, textColor=colour),
    ]


def _signatures(styles: parts.Styles) -> Table:
    """Return two lines to sign on, for two people who looked after the booth."""
    gap = 8 * mm
    wide = (parts.TEXT_WIDTH - gap) / 2
    label = styles.paragraph(_("Name, signature, date and time"), 8.5, 11, textColor=parts.INK_SECOND)
    rules: list[Any] = [
        ("LINEABOVE", (0, 0), (0, 0), 0.8, parts.INK),
        ("LINEABOVE", (2, 0), (2, 0), 0.8, parts.INK),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
    ]
    return Table([[label, "", label]], colWidths=[wide, gap, wide], style=rules, spaceBefore=17 * mm)


def _period(election: Election, zone: str) -> str:
    start, end = election.opens_at, election.closed_at or election.closes_at
    words = _("Open %(start)s to %(end)s", start=local_text(start, zone), end=local_text(end, zone))
    return f"{words} ({utc_text(start)[:16]} – {utc_text(end)[:16]} UTC)."


def _standing(frozen_at: datetime | None, zone: str) -> str:
    """Return since when the figures are fixed, or that they are not yet."""
    if frozen_at is None:
        return _("Counted for this print; the figures may still change.")
    local, utc = local_text(frozen_at, zone), utc_text(frozen_at)
    return _("Figures fixed at closing, %(local)s (%(utc)s).", local=local, utc=utc)


def _hour_words(begins: datetime, zone: str) -> list[str]:
    """Return e.g. `20 Nov, 14:00 – 15:00` and `13:00 – 14:00 UTC`."""
    start, end = (moment.astimezone(ZoneInfo(zone)) for moment in (begins, begins + HOUR))
    local = f"{start.day} {start:%b}, {start:%H:%M} – {end:%H:%M}"
    if not start.utcoffset():
        return [f"{local} UTC"]
    utc = begins.astimezone(UTC)
    return [local, f"{utc:%H:%M} – {utc + HOUR:%H:%M} UTC"]


def _open_words(sheet: Sheet, zone: str) -> str:
    if sheet.opened_at is None:
        return _("Votes and check-ins that belong to no booth.")
    opened = _("Opened %(time)s.", time=local_text(sheet.opened_at, zone))
    if sheet.ended_at is None:
        return opened
    return f"{opened} {_('Ended %(time)s.', time=local_text(sheet.ended_at, zone))}"


def _explanation() -> str:
    return _(
        "A check-in is one attempt to be identified; who is refused and then recognised checked in twice. "
        "Each counts in the hour of the check-in. Votes, left, expired and open are voters recognised by face. "
        "Left: walked away, or handed the ballot back. Expired: the time for the ballot ran out. "
        "These are counts only: never who, and never what was chosen."
    )


def _if_said(words: str, styles: parts.Styles) -> list[Flowable]:
    return [styles.paragraph(words, 10, 14, textColor=parts.INK_SECOND)] if words else []
