"""Counting ranked ballots: pure functions over whole numbers, no database, no words, the same answer every time."""

from services.counting.alternative import alternative_vote
from services.counting.blt import Blt, BltError, read_blt, write_blt
from services.counting.model import (
    UNIT,
    Contest,
    Count,
    Kind,
    Rule,
    Stage,
    Tie,
    Transfer,
    decimal,
)
from services.counting.scottish import scottish_stv
from services.counting.simple import marks, most_marks

RULES = {Rule.ALTERNATIVE: alternative_vote, Rule.SCOTTISH: scottish_stv}
"""The counts of ranked ballots by their rule."""

__all__ = [
    "RULES",
    "UNIT",
    "Blt",
    "BltError",
    "Contest",
    "Count",
    "Kind",
    "Rule",
    "Stage",
    "Tie",
    "Transfer",
    "alternative_vote",
    "count",
    "decimal",
    "marks",
    "most_marks",
    "read_blt",
    "scottish_stv",
    "write_blt",
]


def count(rule: Rule, contest: Contest) -> Count:
    """Count the ballots by one of the ranked rules."""
    return RULES[rule](contest)
