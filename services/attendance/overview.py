"""Meetings in figures: how many of the members came, by meeting, month and group, and what was doubtful.

Counted are meetings that have begun, members that are in the group now, and check-ins that nobody rejected; who checked
in and left the group since is in no share, so that none is above 100 %.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, select

from models import (
    AttendanceRecord,
    AttendanceSession,
    FlagKind,
    Group,
    GroupMember,
    Layer,
    PresenceFlag,
    RecordStatus,
    db,
)
from services.actor import Actor
from services.attendance import layers, sessions
from services.charts import Column
from services.clock import utc_now

MOST_MONTHS, MOST_MEETINGS = 12, 8
"""In the chart: so many labels, a month's number or a day, stand beside each other on a phone (360 px)."""


@dataclass(frozen=True)
class Span:
    """What is looked at: meetings that began from `since` to before `until` (aware; None: without end), of a group."""

    since: datetime | None = None
    until: datetime | None = None
    group_id: int | None = None


@dataclass(frozen=True)
class Tally:
    """Members who were expected, and of them those who came, came late, are doubtful or were rejected."""

    members: int = 0
    there: int = 0
    late: int = 0
    flagged: int = 0
    rejected: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)))

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        return self.members, self.there, self.late, self.flagged, self.rejected

    @property
    def share(self) -> float:
        """Those who came in percent of those who were expected, 0 where nobody was."""
        return 100 * self.there / self.members if self.members else 0.0


@dataclass(frozen=True)
class Held:
    """One meeting; `by_phone` check-ins went through the layers, the others were entered by hand."""

    session: AttendanceSession
    group: str
    tally: Tally
    by_phone: int


@dataclass(frozen=True)
class Part:
    """A group or a month (as 2026-11): its name, how many meetings, and their sum."""

    name: str
    meetings: int
    tally: Tally


@dataclass(frozen=True)
class LayerDoubt:
    """A layer: how many check-ins were asked for it, and how often it was doubtful or not shown."""

    layer: Layer
    asked: int
    doubtful: int
    missing: int

    @property
    def share(self) -> float:
        """Failures in percent of those asked."""
        return 100 * (self.doubtful + self.missing) / self.asked if self.asked else 0.0


@dataclass(frozen=True)
class Overview:
    """The meetings, the newest first; the rest are sums of them."""

    held: list[Held]
    groups: list[Part]
    months: list[Part]
    flags: list[tuple[FlagKind, int]]
    doubts: list[LayerDoubt]

    @property
    def tally(self) -> Tally:
        return _sum(one.tally for one in self.held)

    def columns(self, by_meeting: bool, zone: str) -> list[Column]:
        """Return the shares over time in whole percent: of the newest meetings, or of the newest months."""
        if not by_meeting:
            return [Column(str(int(part.name[-2:])), round(part.tally.share)) for part in self.months[-MOST_MONTHS:]]
        newest, local = self.held[:MOST_MEETINGS], ZoneInfo(zone)
        days = [one.session.starts_at.astimezone(local) for one in newest]
        return [
            Column(f"{day.day}.{day.month}.", round(one.tally.share))
            for day, one in zip(reversed(days), reversed(newest), strict=True)
        ]


def overview(span: Span, actor: Actor, zone: str) -> Overview:
    """Return the figures of the meetings that this member of staff may see; months are those of the IANA `zone`."""
    held, local = _held(span, actor), ZoneInfo(zone)
    month = lambda one: one.session.starts_at.astimezone(local).strftime("%Y-%m")  # noqa: E731
    return Overview(
        held=held,
        groups=_parts(sorted(held, key=lambda one: one.group.casefold()), lambda one: one.group),
        months=_parts(sorted(held, key=month), month),
        flags=_flags(span, actor),
        doubts=_doubts(held, span, actor),
    )


def in_span(span: Span, actor: Actor) -> list[ColumnElement[bool]]:
    """Return what holds for the meetings that are counted."""
    wanted = [*sessions.visible_to(actor), AttendanceSession.starts_at <= utc_now()]
    if span.since is not None:
        wanted.append(AttendanceSession.starts_at >= span.since)
    if span.until is not None:
        wanted.append(AttendanceSession.starts_at < span.until)
    if span.group_id is not None:
        wanted.append(AttendanceSession.group_id == span.group_id)
    return wanted


def of_members(counted: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join records with their meeting and with the members of its group."""
    still = and_(GroupMember.group_id == AttendanceSession.group_id, GroupMember.voter_id == AttendanceRecord.voter_id)
    return counted.join(AttendanceSession, AttendanceSession.id == AttendanceRecord.session_id).join(GroupMember, still)


def came() -> ColumnElement[bool]:
    """What holds for the record of somebody who counts as present."""
    return AttendanceRecord.status != RecordStatus.REJECTED


def _held(span: Span, actor: Actor) -> list[Held]:
    meetings = db.session.execute(
        select(AttendanceSession, Group.name)
        .join(AttendanceSession.group)
        .where(*in_span(span, actor))
        .order_by(AttendanceSession.starts_at.desc(), AttendanceSession.id.desc())
    ).all()
    groups = {session.group_id for session, _name in meetings}
    sizes = select(GroupMember.group_id, func.count()).where(GroupMember.group_id.in_(groups))
    members = {group: size for group, size in db.session.execute(sizes.group_by(GroupMember.group_id))}  # noqa: C416 (rows are no pairs)
    counted = _counted(span, actor)
    return [
        Held(session, name, Tally(members.get(session.group_id, 0), *found[:4]), found[4])
        for session, name in meetings
        for found in [counted.get(session.id, (0, 0, 0, 0, 0))]
    ]


def _counted(span: Span, actor: Actor) -> dict[int, tuple[int, int, int, int, int]]:
    """Return by meeting: came, late, flagged, rejected, and how many went through the layers."""
    status = AttendanceRecord.status
    sums = (
        func.count().filter(came()),
        func.count().filter(came(), AttendanceRecord.late),
        func.count().filter(status == RecordStatus.FLAGGED),
        func.count().filter(status == RecordStatus.REJECTED),
        func.count().filter(AttendanceRecord.entered_by.is_(None)),
    )
    counted = of_members(select(AttendanceRecord.session_id, *sums)).where(*in_span(span, actor))
    rows = db.session.execute(counted.group_by(AttendanceRecord.session_id)).all()
    return {row[0]: tuple(row[1:]) for row in rows}


def _flags(span: Span, actor: Actor) -> list[tuple[FlagKind, int]]:
    """Return how often each kind of flag was raised, the most frequent first."""
    number = func.count().label("number")
    counted = select(PresenceFlag.kind, number).join(AttendanceRecord, AttendanceRecord.id == PresenceFlag.record_id)
    counted = counted.join(AttendanceSession, AttendanceSession.id == AttendanceRecord.session_id)
    found = db.session.execute(counted.where(*in_span(span, actor)).group_by(PresenceFlag.kind))
    return sorted(((kind, times) for kind, times in found), key=lambda row: (-row[1], row[0].value))


def _doubts(held: Iterable[Held], span: Span, actor: Actor) -> list[LayerDoubt]:
    """Return the layers that were asked for. Only a record with a flag can have one that failed: few are opened."""
    asked = {layer: sum(one.by_phone for one in held if layer.value in one.session.layers) for layer in Layer}
    flagged = select(PresenceFlag.record_id).where(PresenceFlag.record_id == AttendanceRecord.id).exists()
    failed = (layers.DOUBTFUL, layers.MISSING)
    results = {layer: AttendanceRecord.layers[layer.value]["result"].astext for layer in Layer}
    sums = [func.count().filter(results[layer] == result) for layer in Layer for result in failed]
    row = db.session.execute(of_members(select(*sums)).where(flagged, *in_span(span, actor))).one()
    return [
        LayerDoubt(layer, asked[layer], row[2 * place], row[2 * place + 1])
        for place, layer in enumerate(Layer)
        if asked[layer]
    ]


def _parts(ordered: list[Held], name: Callable[[Held], str]) -> list[Part]:
    grouped = ((key, list(rows)) for key, rows in groupby(ordered, name))
    return [Part(key, len(rows), _sum(one.tally for one in rows)) for key, rows in grouped]


def _sum(tallies: Iterable[Tally]) -> Tally:
    return sum(tallies, Tally())
