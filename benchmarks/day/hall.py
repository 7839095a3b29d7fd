"""The hall: an election with its roll, booths opened by an officer, and voters who stand in one line."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flask import Flask
from sqlalchemy import create_engine, text

from benchmarks.day.booth import Booth, LineLost, NotAsExpected
from benchmarks.day.figures import Figures
from benchmarks.day.installation import Installation
from benchmarks.day.people import Person
from benchmarks.day.visit import Staff, Visit, Visited
from models import Candidate, Consent, Election, RollEntry, StaffRole, Voter, db, transaction
from services import accounts, elections, membership
from services.actor import Actor
from services.clock import utc_now
from services.context import platform

COMMISSION = Actor(role="operator", name="operator")
BEAT_SECONDS = 20.0
PASSWORD = "a password for one day"  # noqa: S105
STAFF = Staff("officer.one", "officer.two", PASSWORD)
NAMES = ("Rosa Demir", "Emil Nowak", "Ida Sørensen", "Kofi Mensah", "Lena Weiss")
ROWS_AT_ONCE = 100
PROGRESS = 50
RUN_OUT = text(
    "UPDATE ballot_passes SET expires_at = clock_timestamp() WHERE used_at IS NULL AND ended_at IS NULL"
    " AND voter_id = (SELECT id FROM voters WHERE voter_id = :number)"
)


def open_election(app: Flask, persons: Sequence[Person]) -> int:
    """Write staff, election, roll and enrolments, and open the election; return its row id."""
    with app.app_context():
        with transaction():
            staff = [
                accounts.create_staff(name, PASSWORD, StaffRole.OFFICER, COMMISSION)
                for name in (STAFF.officer, STAFF.second)
            ]
            now = utc_now()
            election = elections.create_election(
                title="Town Council", opens_at=now - timedelta(minutes=1), closes_at=now + timedelta(hours=6),
                actor=COMMISSION,
            )  # fmt: skip
            number = election.id
            membership.join(number, *(user.id for user in staff))
            db.session.add_all(
                Candidate(election_id=number, name=name, display_order=at) for at, name in enumerate(NAMES)
            )
        for start in range(0, len(persons), ROWS_AT_ONCE):
            with transaction():
                _enter(number, persons[start : start + ROWS_AT_ONCE])
        with transaction():
            elections.open_election(elections.get_election(number), COMMISSION)
    return number


def _enter(election_id: int, persons: Sequence[Person]) -> None:
    rows = [
        Voter(voter_id=person.number, name=person.name, email=f"v{person.number}@example.org") for person in persons
    ]
    db.session.add_all(rows)
    db.session.flush()
    for row, person in zip(rows, persons, strict=True):
        db.session.add(RollEntry(election_id=election_id, voter_id=row.id))
        if person.enrolled:
            db.session.add(Consent(voter_id=row.id, text_version="day"))
            platform().faces.templates.replace(row.id, person.film.templates)


class Hall:
    """Booths of one installation. `think` is the pause in seconds after each voter."""

    def __init__(self, installation: Installation, figures: Figures, booths: int, think: float) -> None:
        self.installation, self.figures, self.think = installation, figures, think
        self.visits: list[Visited] = []
        self._owner = create_engine(installation.settings.resolve_database().db_owner_url, pool_pre_ping=True)
        self.booths = [self._open(number + 1) for number in range(booths)]

    def let_in(self, persons: Sequence[Person], booths: int) -> float:
        """Let these people vote at the first `booths` booths; return the seconds it took."""
        line: queue.SimpleQueue[Person] = queue.SimpleQueue()
        for person in persons:
            line.put(person)
        begun = time.monotonic()
        with ThreadPoolExecutor(booths) as pool:
            attending = [pool.submit(self._attend, booth, line) for booth in self.booths[:booths]]
            try:
                for ended in attending:
                    ended.result()
            except BaseException:
                while not line.empty():
                    line.get_nowait()
                raise
        return time.monotonic() - begun

    def _open(self, number: int) -> Booth:
        """Sign an officer in at the page of the polling room: the browser is a kiosk from then on."""
        booth = Booth(self.installation.port, f"Booth {number}", self.figures)
        booth.get("index", "/?room=polling")
        booth.form("start", "/login", (302, 303), room="polling", username=STAFF.officer, password=PASSWORD)
        booth.get("index", "/poll/")
        return booth

    def _attend(self, booth: Booth, line: queue.SimpleQueue[Person]) -> None:
        beat = 0.0
        while True:
            if time.monotonic() - beat > BEAT_SECONDS:
                beat = time.monotonic()
                quietly(lambda: booth.json("beat", "/poll/heartbeat", {}))
            try:
                person = line.get_nowait()
            except queue.Empty:
                return
            self.visits.append(Visit(booth, person, STAFF, self._run_out).run())
            if len(self.visits) % PROGRESS == 0:
                print(f"  {len(self.visits)} voters", file=sys.stderr, flush=True)
            time.sleep(self.think)

    def _run_out(self, number: str) -> None:
        """End the time of a voter's open ballot: nobody in this run waits three minutes."""
        with self._owner.begin() as connection:
            connection.execute(RUN_OUT, {"number": number})

    def close(self) -> None:
        self._owner.dispose()


def quietly(act: Callable[[], object]) -> None:
    """Do something whose failure is noted elsewhere."""
    try:
        act()
    except (LineLost, NotAsExpected):
        return


def election_of(election_id: int) -> Election:
    """Return the election as it stands now."""
    return elections.get_election(election_id)
