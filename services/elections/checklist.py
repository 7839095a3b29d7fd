"""What a draft still lacks before it can open."""

from __future__ import annotations

from flask_babel import gettext as _

from models import Election
from services import ties
from services.clock import utc_now
from services.elections.finding import roll_counts

MIN_CHOICES = 2


def obstacles(election: Election) -> list[str]:
    """Return plain reasons why a draft cannot be opened; empty when it can."""
    found = []
    if len(election.candidates) < MIN_CHOICES:
        found.append(_("The ballot has fewer than %(count)s names.", count=MIN_CHOICES))
    if roll_counts(election)[1] == 0:
        found.append(_("The electoral roll is empty."))
    if election.closes_at <= utc_now():
        found.append(_("The closing time is past."))
    if problem := ties.lot_order_problem(election):
        found.append(problem)
    return found
