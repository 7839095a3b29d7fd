"""What is kept of a voter: a copy of all of it, and its erasure."""

from services.privacy.erasing import Erased, erase, refusals
from services.privacy.exporting import export, find_voter
from services.privacy.holdings import HOLDINGS, Holding

__all__ = ["HOLDINGS", "Erased", "Holding", "erase", "export", "find_voter", "refusals"]
