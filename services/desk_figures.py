"""Turnout by time and channel, and attempts, for the live desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text

from models import AuthEvent, AuthMethod, AuthResult, Channel, Election, Vote, db
from services.charts import Column
from services.remembered import Remembered

LONGEST_BY_HOUR = timedelta(hours=16)
MOST_DAYS = 14
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class Slot:
    """An hour or a day; `votes` by channel, None while it has not begun."""

    label: str
    votes: dict[Channel, int] | None

    @property
    def total(self) -> int | None:
        return None if self.votes is None else sum(self.votes.values())


@dataclass(frozen=True)
class Turnout:
    """Votes by hour or day and by channel; `channels` are those of the election, and any that has votes."""

    hourly: bool
    slots: list[Slot]
    channels: list[Channel]
    by_channel: dict[Channel, int]

    @property
    def columns(self) -> list[Column]:
        return [Column(slot.label, slot.total) for slot in self.slots]


@dataclass(frozen=True)
class Attempts:
    """How checks at the booths ended; an abandoned check counts as not recognised."""

    by_face: int
    by_document: int
    mismatches: int
    unknown: int

    @property
    def failures(self) -> int:
        return self.mismatches + self.unknown

    @property
    def total(self) -> int:
        return self.by_face + self.by_document + self.failures


_ATTEMPTS: Remembered[Attempts] = Remembered()
_TURNOUTS: Remembered[Turnout] = Remembered()


def by_hour(election: Election) -> bool:
    """Tell whether turnout is shown by the hour: a voting day, not a longer election."""
    return election.closes_at - election.opens_at <= LONGEST_BY_HOUR


def turnout(election: Election, now: datetime, zone: str) -> Turnout:
    """Return votes per local hour of a voting day, or per local day of a longer election (the last 14 days).

    Of a large election as of some seconds ago.
    """
    key = (election.public_id, election.closes_at, election.closed_at, zone)
    return _TURNOUTS.get(key, lambda: _turnout(election, now, zone), lambda found: sum(found.by_channel.values()))


def _turnout(election: Election, now: datetime, zone: str) -> Turnout:
    hourly = by_hour(election)
    votes = _votes_by("hour" if hourly else "day", election, zone)
    form = "{0.hour}" if hourly else "{0.day}.{0.month}."
    local = ZoneInfo(zone)
    slots = [
        Slot(form.format(begin.astimezone(local)), None if begin > now else votes.get(begin, {}))
        for begin in _begins(election, now, zone)
    ]
    sums: dict[Channel, int] = {}
    for of_slot in votes.values():
        for channel, count in of_slot.items():
            sums[channel] = sums.get(channel, 0) + count
    channels = [channel for channel in Channel if channel.value in election.channels or channel in sums]
    return Turnout(hourly, slots, channels, {channel: sums.get(channel, 0) for channel in channels})


def attempts(election: Election) -> Attempts:
    """Count the finished checks of an election; of a large one as of some seconds ago."""
    return _ATTEMPTS.get(election.public_id, lambda: _attempts(election), lambda found: found.total)


def _attempts(election: Election) -> Attempts:
    rows = db.session.execute(
        select(AuthEvent.method, AuthEvent.result, func.count())
        .where(AuthEvent.election_id == election.id)
        .group_by(AuthEvent.method, AuthEvent.result)
    )
    found = {(method, result): int(count) for method, result, count in rows}
    failed = {result: sum(n for (_m, r), n in found.items() if r is result) for result in AuthResult}
    return Attempts(
        by_face=found.get((AuthMethod.FACE, AuthResult.SUCCESS), 0),
        by_document=found.get((AuthMethod.DOCUMENT, AuthResult.SUCCESS), 0),
        mismatches=failed[AuthResult.MISMATCH],
        unknown=failed[AuthResult.UNKNOWN],
    )


def _begins(election: Election, now: datetime, zone: str) -> list[datetime]:
    """Return when each local hour or day begins, in UTC.

    An hour that the clocks jump over is not there, one that they go back over is there twice.
    """
    hourly, local = by_hour(election), ZoneInfo(zone)
    end = min(election.closes_at, election.closed_at or election.closes_at)
    begin = election.opens_at.astimezone(local).replace(minute=0, second=0, microsecond=0)
    begin = begin if hourly else begin.replace(hour=0, fold=0)
    begins = [begin.astimezone(UTC)]
    while (following := _next(begins[-1], hourly, local)) < end:
        begins.append(following)
    if len(begins) <= MOST_DAYS or hourly:
        return begins
    return [one for one in begins if one <= now][-MOST_DAYS:] or begins[:MOST_DAYS]


def _next(begin: datetime, hourly: bool, local: ZoneInfo) -> datetime:
    if hourly:
        return begin + HOUR
    return (begin.astimezone(local).replace(hour=0) + DAY).astimezone(UTC)


def _votes_by(unit: str, election: Election, zone: str) -> dict[datetime, dict[Channel, int]]:
    begin = func.date_trunc(unit, Vote.cast_at, zone).label("begin")
    rows = db.session.execute(
        select(begin, Vote.channel, func.count()).where(Vote.election_id == election.id).group_by(text("1, 2"))
    )
    found: dict[datetime, dict[Channel, int]] = {}
    for moment, channel, count in rows:
        found.setdefault(moment.astimezone(UTC), {})[channel] = int(count)
    return found
