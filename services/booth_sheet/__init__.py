"""The booth sheet: per kiosk and hour, every check-in and what became of it; it balances or carries a note."""

from services.booth_sheet.closing import freeze, frozen_at, sheets
from services.booth_sheet.counting import Line, Sheet
from services.booth_sheet.figures import Figures
from services.booth_sheet.notes import (
    NOTE_LIMIT,
    SheetsUnbalanced,
    add_note,
    check_before_closing,
    explained,
    find_sheet,
    notes_of,
    unexplained,
)
from services.booth_sheet.words import document_words, equation, faults

__all__ = [
    "NOTE_LIMIT",
    "Figures",
    "Line",
    "Sheet",
    "SheetsUnbalanced",
    "add_note",
    "check_before_closing",
    "document_words",
    "equation",
    "explained",
    "faults",
    "find_sheet",
    "freeze",
    "frozen_at",
    "notes_of",
    "sheets",
    "unexplained",
]
