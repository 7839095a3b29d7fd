"""The electoral roll of one election: who stands on it, and its changes."""

from services.rolls.changes import (
    RollChange,
    add_found,
    add_groups,
    add_voters,
    remove_voters,
)
from services.rolls.figures import RollFigures, roll_figures

__all__ = [
    "RollChange",
    "RollFigures",
    "add_found",
    "add_groups",
    "add_voters",
    "remove_voters",
    "roll_figures",
]
