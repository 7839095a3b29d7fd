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
