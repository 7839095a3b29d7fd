"""All processes go by the database's clock: a machine whose own is wrong, or jumps, refuses nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import create_engine, event, text

from blueprints.headers import Sessions
from services import confirmations, database_clock, pooled
from services.clock import machine_now, set_clock, utc_now
from services.voting_links import tickets

AHEAD = timedelta(hours=3)
NEAR = timedelta(seconds=5)


@pytest.fixture
def engine(app):
    made = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], pool_size=1, max_overflow=0)
    pooled.watch([made])
    database_clock.follow([made])
    yield made
    made.dispose()


@pytest.fixture
def asked(engine):
    statements: list[str] = []
    ask = database_clock._compare

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database_clock, "_compare", lambda connection: statements.append("") or ask(connection))
        yield statements


def use(engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize("wrong_by", [AHEAD, -AHEAD])
def test_a_process_with_a_wrong_clock_goes_by_the_databases(engine, wrong_by):
    right = machine_now()
    with time_machine.travel(right + wrong_by):
        set_clock(None)  # as the machine's clock was when the process began
        assert abs(utc_now() - right - wrong_by) < NEAR
        use(engine)
        assert abs(utc_now() - right) < NEAR
        assert abs(machine_now() - right - wrong_by) < NEAR


def test_a_jump_of_the_machines_clock_moves_nothing_and_is_looked_into_at_once(engine, asked):
    right = machine_now()
    use(engine)
    with time_machine.travel(right + AHEAD):
        assert abs(utc_now() - right) < NEAR
        use(engine)
        assert len(asked) == 2
        assert abs(utc_now() - right) < NEAR


def test_a_clock_that_the_database_confirms_is_not_set_back_and_forth(engine, monkeypatch):
    monkeypatch.setattr(database_clock, "EVERY_SECONDS", 0.0)
    seen = [utc_now()]
    for _ in range(50):
        use(engine)
        seen.append(utc_now())
    assert seen == sorted(seen)


def test_the_database_is_asked_now_and_then_only(engine, asked):
    for _ in range(20):
        use(engine)
    assert len(asked) == 1


def test_asking_leaves_no_transaction_open(engine):
    states: list[int] = []
    event.listen(engine, "checkout", lambda connection, *_: states.append(connection.info.transaction_status))
    use(engine)
    assert states == [0]


def test_a_connection_that_ended_is_replaced_and_asked_again(engine, monkeypatch):
    monkeypatch.setattr(database_clock, "EVERY_SECONDS", 0.0)
    use(engine)
    monkeypatch.setattr(pooled, "_has_news", lambda connection: False)
    with engine.connect() as connection:
        ended = connection.scalar(text("SELECT pg_backend_pid()"))
    with create_engine(engine.url).connect() as other:
        assert other.scalar(text("SELECT pg_terminate_backend(:pid, 30000)"), {"pid": ended})
    use(engine)


def given_out(app: Flask) -> dict[str, Callable[[], bool]]:
    """Sign one of each kind; return for each how to ask whether it is good."""
    token, sessions = confirmations.issue("key", "close", 7), Sessions().get_signing_serializer(app)
    assert isinstance(sessions, URLSafeTimedSerializer)
    ticket, session = tickets.issue_ticket("key", "token"), sessions.dumps({"voter": 1})
    return {
        "ticket": lambda: tickets.read_ticket("key", ticket) is not None,
        "confirmation": lambda: confirmations.holds("key", token, "close", 7),
        "session": lambda: sessions.loads(session, max_age=3600) == {"voter": 1},
    }


@pytest.mark.parametrize("kind", ["ticket", "confirmation", "session"])
def test_what_a_node_with_a_wrong_clock_signed_is_good_at_the_others(app, engine, kind):
    with time_machine.travel(machine_now() + AHEAD):
        set_clock(None)
        use(engine)
        is_good = given_out(app)[kind]
    set_clock(None)  # The next node's clock is right.
    assert is_good()


def test_without_the_databases_clock_the_others_would_refuse_it(app):
    with time_machine.travel(machine_now() + AHEAD):
        is_good = given_out(app)["ticket"]
    assert not is_good()
