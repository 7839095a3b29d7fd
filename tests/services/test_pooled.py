"""A kept database connection is asked only when in doubt, and one that ended is never handed out."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, event, text

from models import db
from services import pooled


@pytest.fixture
def engine(app):
    made = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], pool_size=1, max_overflow=0)
    pooled.watch([made])
    yield made
    made.dispose()


def backend(engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(text("SELECT pg_backend_pid()"))


@pytest.fixture
def pings(engine, monkeypatch):
    asked, ping = [], engine.dialect.do_ping
    monkeypatch.setattr(engine.dialect, "do_ping", lambda connection: asked.append(1) or ping(connection))
    return asked


def test_a_connection_that_was_just_used_is_handed_out_without_asking(engine, pings):
    assert backend(engine) == backend(engine)
    assert pings == []


def test_a_connection_that_the_server_ended_is_replaced_unseen(engine, pings):
    first, ended = backend(engine), []
    event.listen(engine, "invalidate", lambda *_: ended.append(1))
    with create_engine(engine.url).connect() as other:
        assert other.scalar(text("SELECT pg_terminate_backend(:pid, 30000)"), {"pid": first})
    assert backend(engine) != first
    assert (len(pings), len(ended)) == (1, 1)


def test_a_connection_that_was_quiet_for_long_is_asked(engine, pings, monkeypatch):
    first = backend(engine)
    monkeypatch.setattr(pooled, "LONG_IDLE_SECONDS", 0.0)
    assert backend(engine) == first
    assert pings == [1]


def test_every_engine_of_the_application_is_watched(app):
    for engine in db.engines.values():
        listening = [found.__module__ for found in engine.pool.dispatch.checkout]
        assert pooled.__name__ in listening


def test_a_connection_that_was_closed_on_this_side_is_replaced_unseen(engine):
    with engine.connect() as connection:
        kept = connection.connection.dbapi_connection
        first = connection.scalar(text("SELECT pg_backend_pid()"))
    kept.close()
    assert backend(engine) != first
