"""The electoral roll of one election: who stands on it, and its changes."""

from services.rolls.acts import MOST_AT_ONCE, ROLL_CHANGE, RollAct, change_payload, described, open_roll_of
from services.rolls.changes import (
    RollChange,
    add_found,
    add_groups,
    add_voters,
    remove_voters,
)
from services.rolls.figures import RollFigures, roll_figures

__all__ = [
    "MOST_AT_ONCE",
    "ROLL_CHANGE",
    "RollAct",
    "RollChange",
    "RollFigures",
    "add_found",
    "add_groups",
    "add_voters",
    "change_payload",
    "described",
    "open_roll_of",
    "remove_voters",
    "roll_figures",
]
