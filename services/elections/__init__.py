"""Elections: their drafts, their roll, their life from draft to archive (`state_machine.py` holds the table)."""

from services.elections.checklist import MIN_CHOICES, obstacles
from services.elections.drafts import COPIED, copy_choices, create_election
from services.elections.finding import (
    choose_booth_election,
    current_booth_elections,
    get_election,
    roll_counts,
    visible_elections,
)
from services.elections.lifecycle import archive_election, close_election, open_election
from services.elections.rounds import reset_election
from services.elections.state_machine import lock_election

__all__ = [
    "COPIED",
    "MIN_CHOICES",
    "archive_election",
    "choose_booth_election",
    "close_election",
    "copy_choices",
    "create_election",
    "current_booth_elections",
    "get_election",
    "lock_election",
    "obstacles",
    "open_election",
    "reset_election",
    "roll_counts",
    "visible_elections",
]
