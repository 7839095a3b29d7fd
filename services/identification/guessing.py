"""Voter IDs tried out at a kiosk: after a few that nobody has, every further one costs time, and somebody is told.

Counted from the recorded attempts of the kiosk, so that no browser can forget them; a voter who was identified there
makes it zero again. A typing slip is caught by the check digit, so an honest voter hardly ever types an unknown one.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from flask_babel import ngettext
from sqlalchemy import func, select

from models import AuthEvent, AuthResult, Kiosk, db
from services import audit_logger, email_service, metrics
from services.actor import Actor
from services.clock import utc_now
from services.errors import TooMany
from services.identification.outcomes import LookupReason

FREE_GUESSES = 5
WINDOW = timedelta(minutes=10)
FIRST_WAIT_SECONDS = 5
LONGEST_WAIT_SECONDS = 60
"""The wait doubles from unknown number to unknown number; longer ones would shut honest voters out of the booth."""


class GuessingSlowed(TooMany):
    """Too many unknown voter IDs at this kiosk; `seconds` is how long to wait before the next lookup."""

    code = "guessing_slowed"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            ngettext(
                "Too many unknown voter IDs were typed here. Wait %(num)s second, or call the officer.",
                "Too many unknown voter IDs were typed here. Wait %(num)s seconds, or call the officer.",
                seconds,
            ),
            seconds=seconds,
        )


def refuse_hurry(kiosk: Kiosk) -> None:
    """Raise GuessingSlowed while the wait after the last unknown voter ID of this kiosk is not over."""
    if (left := seconds_left(kiosk)) > 0:
        raise GuessingSlowed(left)


def seconds_left(kiosk: Kiosk) -> int:
    """Return the seconds until this kiosk may look a voter ID up again, 0 when it may now."""
    count, last = _unknown_numbers(kiosk)
    if count < FREE_GUESSES or last is None:
        return 0
    return max(0, math.ceil((last - utc_now()).total_seconds() + wait_seconds(count)))


def note(kiosk: Kiosk, actor: Actor) -> None:
    """Write down and alert, once the attempt of an unknown voter ID is recorded, that this kiosk passed the limit."""
    db.session.flush()
    count, _last = _unknown_numbers(kiosk)
    if count < FREE_GUESSES:
        return
    metrics.count(metrics.Event.SUSPICIOUS_ACTIVITY)
    audit_logger.record("kiosk:voter:guessed", actor, election_id=kiosk.election_id, kiosk=kiosk.name, count=count)
    email_service.queue_system_alert(
        f"Voter IDs are being tried out at {kiosk.name}",
        f"{FREE_GUESSES} voter IDs that nobody has were typed at {kiosk.name} within"
        f" {int(WINDOW.total_seconds() / 60)} minutes.\nElection: {kiosk.election.title}\n"
        "Each further one has to wait now. Send somebody to look at the booth.",
    )


def wait_seconds(count: int) -> int:
    """Return the seconds to wait after the count-th unknown voter ID: 5, 10, 20, 40, 60, 60 ... from the fifth on."""
    return int(min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(16, max(0, count - FREE_GUESSES))))


def _unknown_numbers(kiosk: Kiosk) -> tuple[int, datetime | None]:
    """Return how many different unknown voter IDs count now, and when the last one was typed."""
    mine = AuthEvent.kiosk_id == kiosk.id
    since = AuthEvent.created_at > utc_now() - WINDOW
    success = select(func.max(AuthEvent.id)).where(mine, since, AuthEvent.result == AuthResult.SUCCESS)
    # Distinct: who types the number on a wrong card again and again guesses nothing.
    numbers = func.count(func.distinct(AuthEvent.voter_id_input))
    found = select(numbers, func.max(AuthEvent.created_at)).where(
        mine,
        since,
        AuthEvent.reason == LookupReason.UNKNOWN_NUMBER.value,
        AuthEvent.id > func.coalesce(success.scalar_subquery(), 0),
    )
    count, last = db.session.execute(found).one()
    return int(count), last
