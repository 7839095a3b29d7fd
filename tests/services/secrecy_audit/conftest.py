"""One election that really was voted in, sealed and committed; what is planted in it is rolled back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import create_app
from models import db, use_role
from services import ballots, elections, voting_links
from services.actor import SYSTEM
from services.ballots import Choice
from services.secrecy_audit import Finding, Sources
from services.secrecy_audit.target import look_at
from tests.support import database
from tests.support.links import VOTER, link_election, send_links, token_of
from tests.support.voting import KIOSK, make_kiosk, make_pass, new_key, seal_all, voters_of

VOTERS = 40
MINORITY = 10


@dataclass
class Voted:
    """The elections by number: one that is being voted in, one that is counted; and where the log began."""

    app: Flask
    folder: Path
    running: int
    counted: int
    first_segment: str


@pytest.fixture(scope="module")
def voted(postgres: Any, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voted]:
    folder = tmp_path_factory.mktemp("attacked")
    with database.cloned_database(postgres, template) as urls:
        app = create_app(settings=database.test_settings(urls, folder))
        with app.app_context():
            with held_log() as segment:
                counted = vote()
                elections.close_election(elections.get_election(counted), SYSTEM)
                db.session.commit()
                assert seal_all() == VOTERS
                yield Voted(app, folder, vote(VOTERS // 2), counted, segment)
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


@contextmanager
def held_log() -> Iterator[str]:
    """Let a slot hold the write-ahead log from here on, as a standby does; give the name of its first segment.

    Without it a checkpoint takes the segments away while other tests write.
    """
    slot = f"kept_{secrets.token_hex(8)}"
    with db.engines["owner"].connect() as connection:
        with connection.begin():
            connection.execute(text("SELECT pg_create_physical_replication_slot(:slot, true)"), {"slot": slot})
            start = text("SELECT pg_walfile_name(restart_lsn) FROM pg_replication_slots WHERE slot_name = :slot")
            segment = connection.scalar(start, {"slot": slot})
        yield segment
        with connection.begin():
            connection.execute(text("SELECT pg_drop_replication_slot(:slot)"), {"slot": slot})


def vote(voters: int = VOTERS, second_at: Callable[[int], bool] | None = None) -> int:
    """Let voters arrive, every third by a link; some places, by default the last, vote for the second candidate.

    Return the election's id.
    """
    second_at = second_at or (lambda place: place >= voters - MINORITY)
    election = link_election(candidates=2, voters=voters)
    send_links(election)
    number, kiosk = election.id, make_kiosk(election)
    first, second = (candidate.id for candidate in election.candidates)
    for place, voter in enumerate(voters_of(election)):
        choice = Choice((second,)) if second_at(place) else Choice((first,))
        if place % 3:
            ballots.cast_with_pass(make_pass(election, voter, kiosk), choice, new_key(), KIOSK)
        else:
            right = voting_links.link_right(token_of(voter, election))
            ballots.cast(right, choice, new_key(), VOTER)
        db.session.commit()
    return number


@pytest.fixture
def planted(voted: Voted) -> Callable[..., Any]:
    """Change the database as its owner, give what an attack finds then, and take the change back."""

    @contextmanager
    def plant(*statements: str, **values: Any) -> Iterator[None]:
        with voted.app.app_context(), use_role("owner"):
            try:
                db.session.execute(text("SET LOCAL session_replication_role = replica"))
                for statement in statements:
                    db.session.execute(text(statement), values)
                yield
            finally:
                db.session.rollback()

    return plant


@pytest.fixture
def attacked(voted: Voted, planted: Callable[..., Any]) -> Callable[..., Finding]:
    """Make one attack on an election after planting something; `:id` in the statements is the election."""

    def attack(
        one: Callable[[Any], Finding],
        *statements: str,
        running: bool = False,
        sources: Sources | None = None,
        **values: Any,
    ) -> Finding:
        number = voted.running if running else voted.counted
        with planted(*statements, id=number, **values):
            found = elections.get_election(number)
            return one(look_at(found, sources or Sources()))

    return attack
