"""Elections: their drafts, their roll, their life from draft to archive (`state_machine.py` holds the table)."""

from services.elections.checklist import MIN_CHOICES, Finding, Mend, check, obstacles
from services.elections.drafts import (
    COPIED,
    MAX_TITLE,
    RULES,
    SMALLEST_BATCH,
    copy_election,
    create_election,
    delete_election,
    update_election,
)
from services.elections.finding import (
    choose_booth_election,
    current_booth_elections,
    get_election,
    published_election,
    roll_counts,
    roll_counts_of,
    roll_size,
    visible_elections,
)
from services.elections.lifecycle import archive_election, close_election, open_election
from services.elections.networks import OutsideNetwork, allows, check_place, split_networks
from services.elections.rounds import reset_election
from services.elections.state_machine import NEXT, lock_election
from services.elections.timetable import cancel_opening, follow_timetable, schedule_opening

__all__ = [
    "COPIED",
    "MAX_TITLE",
    "MIN_CHOICES",
    "NEXT",
    "RULES",
    "SMALLEST_BATCH",
    "Finding",
    "Mend",
    "OutsideNetwork",
    "allows",
    "archive_election",
    "cancel_opening",
    "check",
    "check_place",
    "choose_booth_election",
    "close_election",
    "copy_election",
    "create_election",
    "current_booth_elections",
    "delete_election",
    "follow_timetable",
    "get_election",
    "lock_election",
    "obstacles",
    "open_election",
    "published_election",
    "reset_election",
    "roll_counts",
    "roll_counts_of",
    "roll_size",
    "schedule_opening",
    "split_networks",
    "update_election",
    "visible_elections",
]
