"""The counters of the rate limits: exact under threads, forgotten in time, and without an address in clear."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import text

from services.rate_limit_storage import PostgresStorage

pytestmark = pytest.mark.commits


@pytest.fixture
def storage(committing_app) -> Iterator[PostgresStorage]:
    made = storage_from_string(committing_app.config["RATELIMIT_STORAGE_URI"])
    assert isinstance(made, PostgresStorage)
    yield made
    made.engine.dispose()


def rows(storage):
    with storage.engine.connect() as connection:
        return connection.execute(text("SELECT key, count FROM rate_limit_hits")).all()


def test_exactly_the_limit_passes_when_many_threads_ask_at_once(storage):
    limiter, limit = FixedWindowRateLimiter(storage), RateLimitItemPerMinute(5)
    with ThreadPoolExecutor(8) as pool:
        passed = list(pool.map(lambda _: limiter.hit(limit, "kiosk:1"), range(40)))

    assert sum(passed) == 5


def test_keys_count_apart(storage):
    storage.incr("a", 60)
    storage.incr("a", 60)
    storage.incr("b", 60)

    assert (storage.get("a"), storage.get("b"), storage.get("c")) == (2, 1, 0)


def test_a_window_ends_and_the_next_begins_at_zero(storage):
    storage.incr("a", 1, amount=4)
    time.sleep(1.1)

    assert storage.get("a") == 0
    before = time.time()
    assert storage.incr("a", 60) == 1
    assert before + 59 <= storage.get_expiry("a") <= time.time() + 61


def test_later_hits_do_not_prolong_a_window(storage):
    storage.incr("a", 60)
    ends = storage.get_expiry("a")
    storage.incr("a", 3600)

    assert storage.get_expiry("a") == pytest.approx(ends, abs=1)


def test_a_key_that_was_never_hit_is_free_now(storage):
    before = time.time()
    assert before - 1 <= storage.get_expiry("nobody") <= time.time() + 1


def test_the_table_holds_no_address(storage):
    storage.incr("address:192.0.2.7:account:admin", 60)

    ((key, _count),) = rows(storage)
    assert "192" not in key or len(key) == 64
    assert "admin" not in key


def test_clear_forgets_one_window_and_reset_all(storage):
    for key in "abc":
        storage.incr(key, 60)
    storage.clear("a")

    assert (storage.get("a"), storage.get("b")) == (0, 1)
    assert storage.reset() == 2
    assert rows(storage) == []


def test_windows_that_ended_are_swept(storage, monkeypatch):
    storage.incr("old", 0)
    monkeypatch.setattr("services.rate_limit_storage.SWEEP_ONE_IN", 1)
    storage.incr("new", 60)

    assert len(rows(storage)) == 1


def test_a_database_that_is_gone_fails_the_check_and_raises_a_storage_error():
    gone = PostgresStorage("postgresql+psycopg2://nobody:x@127.0.0.1:1/none", wrap_exceptions=True)

    assert not gone.check()
    with pytest.raises(StorageError):
        gone.incr("a", 60)


def test_a_healthy_table_passes_the_check(storage):
    assert storage.check()
