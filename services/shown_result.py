"""The result as everybody's page shows it: of a large election as it was some seconds ago."""

from __future__ import annotations

from datetime import datetime

from models import Election
from services.remembered import Remembered
from services.results import Result, result_of

_RESULTS: Remembered[Result] = Remembered()


def shown_result(election: Election, now: datetime) -> Result:
    """Return `result_of`, or the one of a moment ago (`services.remembered`); a closing or an archiving shows at once.

    For pages only: exports, ties and whoever acts on a result count it themselves.
    """
    key = (election.public_id, election.status, election.closed_at, election.closes_at)
    return _RESULTS.get(key, lambda: result_of(election, now), lambda result: result.turnout.on_roll)
