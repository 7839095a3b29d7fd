"""Names of exported files."""

from __future__ import annotations

import re
import unicodedata

from services.results import Result

LONGEST = 60


def file_name(result: Result, suffix: str) -> str:
    """Return e.g. `result-larkmoor-town-council.csv`: ASCII, so that every header and disk takes it."""
    plain = unicodedata.normalize("NFKD", result.title).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:LONGEST].rstrip("-")
    return f"result-{words or result.election_id}.{suffix}"
