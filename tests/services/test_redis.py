"""Redis where it is set: limits and news shared by all nodes, and what happens when it is lost and comes back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis
from limits import RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import select

from models import RateLimitHit, db
from services import health
from services.context import platform
from services.live.line import CHANNEL, Line
from services.live.redis_line import RedisLine
from services.redis_limits import RedisWithSpare
from tests.support.redis_process import RedisProcess

pytestmark = pytest.mark.commits
SOON = 120.0
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def server() -> Iterator[RedisProcess]:
    process = RedisProcess()
    process.start()
    yield process
    process.kill()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait long for a Redis that a busy machine is slow to run; one that is gone refuses at once."""
    monkeypatch.setattr("services.redis_server.WAIT_SECONDS", 60.0)


@pytest.fixture
def node(server, patient, shared_app):
    """Build the counters of one more web node; its clock is moved by hand."""
    made = []

    def make() -> RedisWithSpare:
        storage = storage_from_string(
            "shared+redis://",
            redis_url=server.url,
            database_url=shared_app.config["SQLALCHEMY_DATABASE_URI"],
            secret="ours",
        )
        assert isinstance(storage, RedisWithSpare)
        storage.clock = lambda: make.now
        made.append(storage)
        return storage

    make.now = 0.0
    yield make
    for storage in made:
        storage.spare.reset()
        storage.spare.engine.dispose()


def test_two_nodes_count_one_limit_before_and_after_redis_is_lost(node, server, caplog):
    caplog.set_level(logging.INFO, "services.redis_limits")
    limiters, limit = [FixedWindowRateLimiter(node()) for _ in range(2)], RateLimitItemPerMinute(3)

    def passed(key: str) -> int:
        return sum(limiter.hit(limit, key) for _ in range(3) for limiter in limiters)

    assert passed("kiosk:1") == 3
    server.kill()
    assert passed("kiosk:1") == 3
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2  # one a node
    server.start()
    assert passed("kiosk:1") == 0  # nobody has looked again so far
    node.now += 5.0
    assert passed("kiosk:2") == 3
    with redis.Redis.from_url(server.url) as client:
        assert len(client.keys("*")) == 1
    assert [record.levelname for record in caplog.records[2:]] == ["INFO"] * 2


def test_redis_holds_no_address_no_voter_id_and_no_plain_hash(node, server):
    node().incr("address:192.0.2.7:voter:20481730", 60)
    with redis.Redis.from_url(server.url) as client:
        (key,) = client.keys("*")
    assert b"192" not in key or len(key) >= 64
    assert b"20481730" not in key
    other = storage_from_string(
        "shared+redis://", redis_url=server.url, database_url="postgresql+psycopg2://", secret="another"
    )
    assert other.get("address:192.0.2.7:voter:20481730") == 0


def test_counters_end_are_read_and_cleared_as_in_postgresql(node):
    storage = node()
    storage.incr("a", 60, amount=2)
    assert storage.get("a") == 2
    assert storage.get_expiry("a") > 0
    assert storage.check()
    storage.clear("a")
    assert storage.get("a") == 0
    storage.incr("b", 60)
    assert storage.reset() == 1


def test_lines_of_two_nodes_hear_each_other_by_redis_and_by_postgresql_while_it_is_lost(server, patient, shared_app):
    dsn, now = shared_app.extensions["platform"].settings.listener_dsn, [0.0]
    here, there = (RedisLine(server.url, Line(dsn, lambda: now[0]), lambda: now[0]) for _ in range(2))
    try:
        here.exchange(set(), 0.01)
        there.exchange({(7, "vote")}, 0.01)
        assert heard(here) == {7}
        with redis.Redis.from_url(server.url) as client:
            client.publish(CHANNEL, "rubbish; 1")
        there.exchange({(8, "vote")}, 0.01)
        assert heard(here) == {8}
        server.kill()
        while here.is_up or there.is_up:
            for line in (here, there):
                line.exchange({(1, "vote")}, 0.01)
        here.exchange(set(), 0.01)
        there.exchange({(9, "vote")}, 0.01)
        while 9 not in here.exchange(set(), 1.0):
            pass
        server.start()
        now[0] += 60.0
        here.exchange(set(), 0.01)
        there.exchange({(10, "vote")}, 0.01)
        assert here.is_up
        assert not here.spare.is_up
        assert heard(here) == {10}
    finally:
        here.close()
        there.close()


def heard(line: RedisLine) -> set[int]:
    """Return what comes next."""
    while not (found := line.exchange(set(), 1.0)):
        pass
    return found


def test_a_lost_redis_is_a_warning_for_the_operator_and_requests_are_answered(make_committing_app):
    app = make_committing_app(REDIS_URL=NOWHERE, RATE_LIMITS="on")
    with app.app_context():
        assert app.test_client().post("/login", data={"username": "a", "password": "b"}).status_code == 401
        assert db.session.scalars(select(RateLimitHit.count)).all() == [1, 1]
        assert any("Redis does not answer" in line for line in health.readiness().warnings)
        assert any("Redis does not answer" in line for line in health.check_installation().warnings)


def test_without_redis_nothing_is_said_about_it(app, monkeypatch):
    assert health.redis_server.trouble() is None
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, redis_url="redis://127.0.0.1:x"))
    assert "Redis does not answer" in (health.redis_server.trouble() or "")
