"""The one clock of the application, so that tests can freeze it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """Return the present moment as an aware UTC datetime."""
    return datetime.now(UTC)


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
