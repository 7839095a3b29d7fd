"""Voters: their numbers, their entries, the rolls they stand on, and finding them."""

from services.voters.entries import VoterEntries
from services.voters.errors import FieldConflict
from services.voters.numbers import (
    NUMBER_DIGITS,
    check_digit_added,
    format_voter_number,
    is_voter_number,
    new_voter_number,
    normalise_voter_number,
)
from services.voters.register import (
    DeletionEffect,
    create_voter,
    delete_voter,
    deletion_effect,
    get_voter,
    update_voter,
)
from services.voters.roll import open_rolls, roll_entries_of, set_rolls
from services.voters.search import (
    PAGE_SIZE,
    VoterPage,
    VoterQuery,
    VoterRow,
    count_by_status,
    nearest_voter,
    search_voters,
)

__all__ = [
    "NUMBER_DIGITS",
    "PAGE_SIZE",
    "DeletionEffect",
    "FieldConflict",
    "VoterEntries",
    "VoterPage",
    "VoterQuery",
    "VoterRow",
    "check_digit_added",
    "count_by_status",
    "create_voter",
    "delete_voter",
    "deletion_effect",
    "format_voter_number",
    "get_voter",
    "is_voter_number",
    "nearest_voter",
    "new_voter_number",
    "normalise_voter_number",
    "open_rolls",
    "roll_entries_of",
    "search_voters",
    "set_rolls",
    "update_voter",
]
