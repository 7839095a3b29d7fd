"""The one clock of the application, so that tests can freeze it and all processes can be set by the database's."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_set_at: tuple[datetime, float] | None = None
"""A moment, and what this machine's counter (`time.monotonic`), which never jumps, showed then."""


def utc_now() -> datetime:
    """Return the present moment as an aware UTC datetime: as the clock was set, until then by this machine's."""
    if _set_at is None:
        return machine_now()
    moment, counter = _set_at
    return moment + timedelta(seconds=time.monotonic() - counter)


def machine_now() -> datetime:
    """Return what this machine's own clock shows, right or wrong, as an aware UTC datetime."""
    return datetime.now(UTC)


def set_clock(moment: datetime | None) -> None:
    """Let `utc_now` go on from `moment`, whatever this machine's clock shows from now on; None: by that one again."""
    global _set_at
    _set_at = None if moment is None else (moment, time.monotonic())


def local_text(moment: datetime, zone: str) -> str:
    """Return e.g. `Friday 20 November 2026, 14:02 CET` for an aware datetime in the IANA `zone`."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M %Z}"


def utc_text(moment: datetime) -> str:
    """Return e.g. `2026-11-20 13:02:05 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def moments_of(wall: datetime, zone: str) -> list[datetime]:
    """Return the UTC moments at which a wall clock in the IANA `zone` shows the naive time `wall`, in order.

    None when the clocks go forward over it, two when they go back over it.
    """
    local = ZoneInfo(zone)
    found: list[datetime] = []
    for fold in (0, 1):
        moment = wall.replace(tzinfo=local, fold=fold).astimezone(UTC)
        if moment not in found and moment.astimezone(local).replace(tzinfo=None) == wall.replace(fold=0):
            found.append(moment)
    return found
