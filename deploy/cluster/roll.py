"""An election for the drill: voters who come to a booth, by link or through the API, each with what they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, insert, select

from benchmarks.day import films, people
from benchmarks.day.hall import COMMISSION, NAMES, PASSWORD, STAFF
from benchmarks.day.people import Person
from models import (
    Candidate,
    Channel,
    Consent,
    Election,
    RollEntry,
    StaffRole,
    StaffUser,
    Voter,
    VoterStatus,
    VotingToken,
    db,
    transaction,
)
from services import accounts, elections, membership
from services.clock import utc_now
from services.context import platform
from services.security import hash_token, new_token
from services.voters.numbers import check_digit_added

BOOTH, LINK, API = "booth", "link", "API"
BOOTH_SHARE = 0.04
"""A check of a face costs as much as some twenty casts; the drill is about casts."""
FIRST_STEM = 1_000_000
ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Ticket:
    """A voter by link or API; the token is what the mail would hold."""

    channel: str
    number: str
    token: str


@dataclass(frozen=True)
class Roll:
    """Who is to vote in this election."""

    election_id: int
    booth: list[Person]
    tickets: list[Ticket]

    @property
    def total(self) -> int:
        return len(self.booth) + len(self.tickets)


def open_election(app: Flask, casts: int) -> Roll:
    """Write an election with `casts` voters on its roll and open it. Links are written without mailing them."""
    with app.app_context():
        with transaction():
            before = db.session.scalar(select(func.count(Voter.id))) or 0
            number = _draft().id
        booth = max(1, round(casts * BOOTH_SHARE))
        numbers = [check_digit_added(str(FIRST_STEM + before + place)) for place in range(casts)]
        persons = people.people(numbers[:booth], films.painted_films(), [])
        # Nobody leaves or is taken for somebody else here: each of them casts.
        persons = [Person(one.number, one.name, people.PLAIN, one.film, one.stranger, False) for one in persons]
        tickets = [Ticket((LINK, API)[place % 2], number, new_token()) for place, number in enumerate(numbers[booth:])]
        _enter(number, numbers, {one.number: one for one in persons}, {one.number: one for one in tickets})
        with transaction():
            elections.open_election(elections.get_election(number), COMMISSION)
    return Roll(number, persons, tickets)


def _draft() -> Election:
    staff = [_staff(name) for name in (STAFF.officer, STAFF.second)]
    now = utc_now()
    election = elections.create_election(
        title=f"Drill of {now:%H:%M:%S}", opens_at=now - timedelta(minutes=1), closes_at=now + timedelta(hours=6),
        actor=COMMISSION, channels=(Channel.BOOTH, Channel.LINK),
    )  # fmt: skip
    membership.join(election.id, *(user.id for user in staff))
    db.session.add_all(Candidate(election_id=election.id, name=name, display_order=at) for at, name in enumerate(NAMES))
    return election


def _staff(name: str) -> StaffUser:
    found = db.session.scalar(select(StaffUser).where(StaffUser.username == name))
    return found or accounts.create_staff(name, PASSWORD, StaffRole.OFFICER, COMMISSION)


def _enter(election_id: int, numbers: Sequence[str], persons: dict[str, Person], tickets: dict[str, Ticket]) -> None:
    lasts = utc_now() + timedelta(days=1)
    for start in range(0, len(numbers), ROWS_AT_ONCE):
        part = numbers[start : start + ROWS_AT_ONCE]
        with transaction():
            voters = [
                {"voter_id": one, "name": f"Voter {one}", "email": f"v{one}@vote.test", "status": VoterStatus.VERIFIED}
                for one in part
            ]
            rows = db.session.execute(insert(Voter).returning(Voter.id, Voter.voter_id), voters).all()
            db.session.execute(insert(RollEntry), [{"election_id": election_id, "voter_id": row.id} for row in rows])
            tokens = [
                {"election_id": election_id, "voter_id": row.id, "token_hash": hash_token(tickets[row.voter_id].token),
                 "generation": 1, "made_at": utc_now(), "expires_at": lasts}
                for row in rows if row.voter_id in tickets
            ]  # fmt: skip
            if tokens:
                db.session.execute(insert(VotingToken), tokens)
            for row in rows:
                if row.voter_id in persons:
                    db.session.add(Consent(voter_id=row.id, text_version="drill"))
                    platform().faces.templates.replace(row.id, persons[row.voter_id].film.templates)
