"""Notes on booth sheets in print: why a sheet does not balance, or that nobody said why."""

from __future__ import annotations

from flask_babel import gettext as _
from reportlab.platypus import Flowable

from models import BoothNote
from services.booth_sheet import Sheet, explained
from services.clock import local_text, utc_text
from services.exports import pdf_parts as parts

Notes = dict[int | None, list[BoothNote]]
"""Notes by the id of their kiosk, the oldest first; None for votes that belong to no booth."""


def words_of(notes: Notes) -> str:
    """Return all that people wrote in the notes, so that a font is chosen that has its letters."""
    return "".join(note.note + note.staff_user.username for of_booth in notes.values() for note in of_booth)


def note_lines(sheet: Sheet, notes: Notes, styles: parts.Styles, zone: str) -> list[Flowable]:
    """Return each note on the sheet with who wrote it and when; for a difference without one, that it is missing."""
    lines: list[Flowable] = []
    for note in notes.get(sheet.kiosk_id, []):
        who, when = note.staff_user.username, local_text(note.created_at, zone)
        said = _("Note by %(name)s, %(time)s (%(utc)s):", name=who, time=when, utc=utc_text(note.created_at))
        lines += [styles.paragraph(said, 9, 12, bold=True, spaceBefore=8), styles.paragraph(note.note, 10, 14)]
    if not explained(sheet, notes):
        missing = _("No note explains this.")
        lines.append(styles.paragraph(missing, 10, 14, bold=True, spaceBefore=6, textColor=parts.DANGER))
    return lines
