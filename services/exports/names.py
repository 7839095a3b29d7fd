"""Names of exported files."""

from __future__ import annotations

import re
import unicodedata

from models import Election
from services.results import Result

LONGEST = 60


def file_name(result: Result, suffix: str) -> str:
    """Return e.g. `result-larkmoor-town-council.csv`: ASCII, so that every header and disk takes it."""
    return f"result-{_plain(result.title) or result.election_id}.{suffix}"


def booth_sheet_name(election: Election) -> str:
    """Return e.g. `booth-sheets-larkmoor-town-council.pdf`."""
    return f"booth-sheets-{_plain(election.title) or election.id}.pdf"


def sample_ballot_name(election: Election) -> str:
    """Return e.g. `sample-ballot-larkmoor-town-council.pdf`."""
    return f"sample-ballot-{_plain(election.title) or election.id}.pdf"


def evidence_name(election: Election) -> str:
    """Return e.g. `evidence-larkmoor-town-council.zip`."""
    return f"evidence-{_plain(election.title) or election.id}.zip"


def blt_name(election: Election) -> str:
    """Return e.g. `ballots-larkmoor-town-council.blt`."""
    return f"ballots-{_plain(election.title) or election.id}.blt"


def rounds_name(election: Election) -> str:
    """Return e.g. `rounds-larkmoor-town-council.csv`."""
    return f"rounds-{_plain(election.title) or election.id}.csv"


def _plain(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:LONGEST].rstrip("-")
