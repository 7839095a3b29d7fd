"""Counting the check-ins of an election, all in one statement: a vote cast meanwhile is in both sides or in neither."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import (
    BigInteger,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement

from models import AuthEvent, AuthMethod, AuthResult, BallotPass, Channel, Election, Kiosk, Vote, db
from services.booth_sheet.figures import DOCUMENT, OUTCOMES, Figures
from services.clock import utc_now
from services.context import platform
from services.identification import ABANDONED

Key = tuple[int | None, datetime]
CHECKIN, BALLOT, STRAY = "checkin", "ballot", "stray"
RECOGNISED, LOST = "recognised", "lost"
YES, NO = literal(True), literal(False)


@dataclass(frozen=True)
class Line:
    """One hour; `begins` is UTC, the hour begins at a full local hour."""

    begins: datetime
    figures: Figures


@dataclass(frozen=True)
class Sheet:
    """All hours of one booth; without a kiosk it holds what belongs to no booth."""

    kiosk_id: int | None
    name: str
    lines: tuple[Line, ...]
    opened_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def total(self) -> Figures:
        return sum((line.figures for line in self.lines), Figures())

    @property
    def balanced(self) -> bool:
        return all(line.figures.balanced for line in self.lines)


def count(election: Election, now: datetime | None = None) -> list[Sheet]:
    """Count the sheets of all booths of the election, in the order they were opened; hours without check-ins are
    left out. `now` decides which open ballots have run out of time. What belongs to no booth comes last, if anything.
    """
    lines: dict[int | None, list[Line]] = defaultdict(list)
    for (kiosk_id, begins), figures in sorted(
        _figures(election, now or utc_now()).items(), key=lambda item: item[0][1]
    ):
        lines[kiosk_id].append(Line(begins, figures))
    here = or_(Kiosk.election_id == election.id, Kiosk.id.in_([number for number in lines if number is not None]))
    found = [
        Sheet(kiosk.id, kiosk.name, tuple(lines[kiosk.id]), kiosk.created_at, kiosk.ended_at)
        for kiosk in db.session.scalars(select(Kiosk).where(here).order_by(Kiosk.id))
    ]
    return [*found, Sheet(None, _("No booth"), tuple(lines[None]))] if lines[None] else found


def _figures(election: Election, now: datetime) -> dict[Key, Figures]:
    zone = platform().settings.timezone
    parts = (_checkins(election.id, zone), _ballots(election.id, zone, now), _stray_votes(election.id, zone))
    counts: dict[Key, Counter[str]] = defaultdict(Counter)
    for what, kiosk_id, begins, kind, by_document, fits, number in db.session.execute(union_all(*parts)):
        key = kiosk_id, begins.astimezone(UTC)
        for column in _columns(what, kind, by_document, fits):
            counts[key][column] += number
        if what == BALLOT and fits:
            counts[key]["missing"] -= number
    return {key: Figures(**found) for key, found in counts.items()}


def _columns(what: str, kind: str, by_document: bool, fits: bool) -> tuple[str, ...]:
    """Return the columns that a group counts for; every recognised check-in misses its ballot until one is found."""
    if what == CHECKIN:
        return "checkins", "missing" if kind == RECOGNISED else kind
    column = f"{DOCUMENT}{kind}" if by_document and kind in OUTCOMES else kind
    return (column,) if fits else (column, "extra")


def _checkins(election_id: int, zone: str) -> Select[Any]:
    """Select how many attempts a booth recorded in an hour, by kind."""
    kind = case(
        (AuthEvent.result == AuthResult.SUCCESS, RECOGNISED), (AuthEvent.reason == ABANDONED, "left"), else_="refused"
    )
    return _grouped(CHECKIN, AuthEvent.kiosk_id, _hour(AuthEvent.created_at, zone), kind).where(
        AuthEvent.election_id == election_id, AuthEvent.channel == Channel.BOOTH
    )


def _ballots(election_id: int, zone: str, now: datetime) -> Select[Any]:
    """Select what became of the opened ballots; one fits if it is the first of a recognised check-in of its booth."""
    nth = func.row_number().over(partition_by=BallotPass.auth_event_id, order_by=(BallotPass.created_at, BallotPass.id))
    opened = (
        select(BallotPass.id, BallotPass.auth_event_id, nth.label("nth"))
        .where(BallotPass.election_id == election_id)
        .subquery()
    )
    fits = and_(
        AuthEvent.id.is_not(None),
        opened.c.nth == 1,
        AuthEvent.result == AuthResult.SUCCESS,
        AuthEvent.channel == Channel.BOOTH,
        AuthEvent.kiosk_id == BallotPass.kiosk_id,
        AuthEvent.election_id == BallotPass.election_id,
        AuthEvent.voter_id == BallotPass.voter_id,
    )
    begins = _hour(func.coalesce(AuthEvent.created_at, BallotPass.created_at), zone)
    by_document = func.coalesce(AuthEvent.method == AuthMethod.DOCUMENT, False)
    kind = _outcome(election_id, now)
    return (
        _grouped(BALLOT, BallotPass.kiosk_id, begins, kind, by_document, func.coalesce(fits, False))
        .select_from(BallotPass)
        .join(opened, opened.c.id == BallotPass.id)
        .outerjoin(AuthEvent, AuthEvent.id == BallotPass.auth_event_id)
    )


def _outcome(election_id: int, now: datetime) -> ColumnElement[str]:
    cast_ones = (BallotPass.election_id == election_id, BallotPass.used_at.is_not(None))
    latest = func.row_number().over(
        partition_by=BallotPass.voter_id, order_by=(BallotPass.used_at.desc(), BallotPass.id)
    )
    spent = select(BallotPass.id, BallotPass.voter_id, latest.label("nth")).where(*cast_ones).subquery()
    # One vote answers for one ballot only, the one spent last.
    with_vote = (
        select(spent.c.id)
        .join(Vote, and_(Vote.voter_id == spent.c.voter_id, Vote.election_id == election_id))
        .where(spent.c.nth == 1, Vote.channel == Channel.BOOTH)
    )
    return case(
        (BallotPass.id.in_(with_vote), "votes"),
        (BallotPass.used_at.is_not(None), LOST),
        (BallotPass.ended_at < BallotPass.expires_at, "left"),
        (or_(BallotPass.ended_at.is_not(None), BallotPass.expires_at <= now), "expired"),
        else_="waiting",
    )


def _stray_votes(election_id: int, zone: str) -> Select[Any]:
    """Select the booth votes for which no ballot was spent at any booth."""
    spent = exists().where(
        BallotPass.election_id == election_id, BallotPass.voter_id == Vote.voter_id, BallotPass.used_at.is_not(None)
    )
    return _grouped(STRAY, cast(null(), BigInteger), _hour(Vote.cast_at, zone), literal("votes"), fits=NO).where(
        Vote.election_id == election_id, Vote.channel == Channel.BOOTH, ~spent
    )


def _grouped(what: str, kiosk_id: Any, begins: Any, kind: Any, by_document: Any = NO, fits: Any = YES) -> Select[Any]:
    # By position: the same expression with parameters of its own would count as another one.
    columns = (kiosk_id, begins, cast(kind, String), by_document, fits)
    return select(literal(what), *columns, func.count()).group_by(*(text(str(place)) for place in range(2, 7)))


def _hour(moment: Any, zone: str) -> Any:
    return func.date_trunc("hour", moment, zone)
