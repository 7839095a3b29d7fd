"""Ballots: definition, casting, sealing and counting (design, section 3)."""

from services.ballots.batch_cost import batches_until_one_agrees
from services.ballots.batch_cost import examples as batch_cost_examples
from services.ballots.casting import CastOutcome, cast, cast_with_pass
from services.ballots.choices import Choice, choices_of, choices_shown, parse_choice, places_of
from services.ballots.counting import Counts, counts
from services.ballots.definition import definition_intact, freeze_definition, verify_definition
from services.ballots.extensions import extend_closing, extensions_of
from services.ballots.opening_rules import sign_closing
from services.ballots.ranked import contest_of, count_ballots, count_due
from services.ballots.rankings import places_sent
from services.ballots.receipts import format_receipt, is_counted, listed_receipts, some_receipts
from services.ballots.rights import CastingRight, RightOver
from services.ballots.sealing import seal_due
from services.ballots.signed_receipts import LONGEST as LONGEST_RECEIPT
from services.ballots.signed_receipts import SignedReceipt, check_signed_receipt, receipt_qr, signed_receipt

__all__ = [
    "LONGEST_RECEIPT",
    "CastOutcome",
    "CastingRight",
    "Choice",
    "Counts",
    "RightOver",
    "SignedReceipt",
    "batch_cost_examples",
    "batches_until_one_agrees",
    "cast",
    "cast_with_pass",
    "check_signed_receipt",
    "choices_of",
    "choices_shown",
    "contest_of",
    "count_ballots",
    "count_due",
    "counts",
    "definition_intact",
    "extend_closing",
    "extensions_of",
    "format_receipt",
    "freeze_definition",
    "is_counted",
    "listed_receipts",
    "parse_choice",
    "places_of",
    "places_sent",
    "receipt_qr",
    "seal_due",
    "sign_closing",
    "signed_receipt",
    "some_receipts",
    "verify_definition",
]
