"""Ballots: definition, casting, sealing and counting (design, section 3)."""

from services.ballots.casting import CastOutcome, cast
from services.ballots.choices import Choice, choices_of, choices_shown, parse_choice
from services.ballots.counting import Counts, counts
from services.ballots.definition import definition_intact, freeze_definition, verify_definition
from services.ballots.extensions import extend_closing, extensions_of
from services.ballots.receipts import format_receipt, is_counted, listed_receipts
from services.ballots.sealing import seal_due

__all__ = [
    "CastOutcome",
    "Choice",
    "Counts",
    "cast",
    "choices_of",
    "choices_shown",
    "counts",
    "definition_intact",
    "extend_closing",
    "extensions_of",
    "format_receipt",
    "freeze_definition",
    "is_counted",
    "listed_receipts",
    "parse_choice",
    "seal_due",
    "verify_definition",
]
