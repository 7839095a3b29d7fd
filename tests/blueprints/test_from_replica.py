"""Which pages are read from the replica, and when they are read from the primary instead."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from models import db, transaction, use_role
from services import health, replica
from services.replica import Watch
from tests.factories import make_open_election


class Servers:
    """What both servers answer about their logs, in bytes; seconds pass by hand."""

    def __init__(self, most_seconds: float = 5.0) -> None:
        self.position: int | None = 1000
        self.replayed: int | None = 1000
        self.now = 0.0
        self.watch = Watch(
            lambda: self._answer(self.position), lambda: self._answer(self.replayed), most_seconds, lambda: self.now
        )
        self.looks = 0

    def _answer(self, value: int | None) -> int | None:
        self.looks += 1
        if value == -1:
            raise OperationalError("away", {}, Exception())
        return value

    def after(self, seconds: float) -> bool:
        self.now += seconds
        return self.watch.is_fit()


def test_a_replica_that_keeps_up_is_used_and_looked_at_once_a_second():
    servers = Servers()
    assert servers.watch.is_fit()
    assert servers.after(0.5)
    assert servers.looks == 2
    servers.position = servers.replayed = 2000
    assert servers.after(0.5)
    assert servers.looks == 4


def test_a_replica_that_stands_still_is_left_when_the_bound_is_over_and_used_again_when_it_has_caught_up():
    servers = Servers(most_seconds=5)
    assert servers.watch.is_fit()
    fit = []
    for _ in range(8):
        servers.position += 10
        fit.append(servers.after(1.0))
    assert fit == [True] * 5 + [False] * 3
    assert servers.watch.problem == "It lags by 8 s."
    servers.replayed = servers.position
    assert servers.after(1.0)


def test_an_idle_primary_makes_no_lag():
    servers = Servers()
    assert servers.watch.is_fit()
    assert servers.after(3600.0)


def test_what_was_never_seen_to_keep_up_is_not_used():
    servers = Servers()
    servers.replayed = 10
    assert not servers.watch.is_fit()


def test_a_server_that_is_no_replica_any_more_is_not_used():
    servers = Servers()
    servers.replayed = None
    assert not servers.watch.is_fit()
    assert servers.watch.problem == "It is no replica."


def test_a_replica_that_is_away_is_left_alone_for_five_seconds():
    servers = Servers()
    servers.replayed = -1
    assert not servers.watch.is_fit()
    looks = servers.looks
    assert not servers.after(4.0)
    assert servers.looks == looks
    servers.replayed = 1000
    assert servers.after(1.0)
    servers.watch.lost()
    assert not servers.after(4.0)
    assert servers.after(1.0)


def test_the_replica_stays_when_the_primary_is_away():
    servers = Servers()
    assert servers.watch.is_fit()
    servers.position = -1
    assert servers.after(100.0)


def test_what_is_said_is_said_once(caplog):
    servers = Servers()
    for _ in range(3):
        servers.after(1.0)
    servers.replayed = -1
    for _ in range(3):
        servers.after(6.0)
    assert [record.getMessage() for record in caplog.records] == [
        "The read replica is used for results",
        "The read replica is not used: It does not answer (OperationalError).",
    ]


@pytest.mark.commits
def test_results_are_read_there_what_it_lacks_at_the_primary_and_nothing_is_written_there(
    make_committing_app, postgres
):
    copy = f"test_{uuid.uuid4().hex[:12]}"
    app = make_committing_app(DB_REPLICA_URL=postgres.urls(copy).web)
    with app.app_context():
        watch = app.extensions["replica"]
        with transaction():
            number, public_id = (found := make_open_election(title="Board")).id, found.public_id
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
        postgres.create_database(copy, db.engines[None].url.database)
        try:
            with transaction():
                later = make_open_election(title="Only at the primary").id
            _change_title(postgres.urls(copy).owner, "Board of the replica")
            addresses = (
                f"/results/?election={number}", f"/results/live?election={number}", f"/verify/{public_id}",
                f"/api/v1/results/{public_id}",
            )  # fmt: skip
            client = app.test_client()

            assert "It is no replica" in (replica.trouble() or "")
            assert [b"replica" in client.get(one).data for one in addresses] == [False] * 4
            watch.replayed, watch._next_look = (lambda: 2**62), 0.0
            assert [b"replica" in client.get(one).data for one in addresses] == [True] * 4
            assert not any("replica" in line for line in health.readiness().warnings)
            assert b"Only at the primary" in client.get(f"/results/?election={later}").data
            with use_role("replica"), pytest.raises(Exception, match="read-only"):
                db.session.execute(text("UPDATE worker_beats SET seen_at = now()"))
        finally:
            db.engines["replica"].dispose()
            postgres.drop_database(copy)
        assert [client.get(one).status_code for one in addresses] == [200] * 4
        assert watch.problem == "It does not answer."


def _change_title(url: str, title: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("UPDATE elections SET title = :title"), {"title": title})
    engine.dispose()
