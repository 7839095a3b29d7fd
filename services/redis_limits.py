"""Counters of the rate limits in Redis, shared by all nodes; while Redis is lost, in PostgreSQL, shared as well."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable
from typing import TypeVar

from limits.storage import Storage
from limits.storage.redis import RedisStorage
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from services import redis_server
from services.rate_limit_storage import PostgresStorage

log = logging.getLogger(__name__)
T = TypeVar("T")


class RedisWithSpare(Storage):
    """Fixed windows in Redis; `secret` keys the hashes, so that Redis holds no address and no voter ID.

    A lost Redis is said once in the log and asked again every 5 s. Windows begin at zero in PostgreSQL then: a
    caller may get the limit twice in that minute, and nobody is refused for want of Redis.
    """

    STORAGE_SCHEME = ["shared+redis"]

    def __init__(
        self,
        uri: str,
        wrap_exceptions: bool = False,
        redis_url: str = "",
        database_url: str = "",
        secret: str = "",
        **more: str,
    ) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **more)
        self.redis = RedisStorage(redis_url, **redis_server.options())
        self.spare = PostgresStorage(database_url)
        self.clock: Callable[[], float] = time.monotonic
        self._secret = secret.encode()
        self._lost = False
        self._again_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` hits in the window of `expiry` seconds that the first of them opened; return the count."""
        return self._ask(lambda storage: storage.incr(self._hashed(key), expiry, amount))

    def get(self, key: str) -> int:
        """Return the count of the present window, 0 when there is none."""
        return self._ask(lambda storage: storage.get(self._hashed(key)))

    def get_expiry(self, key: str) -> float:
        """Return the end of the present window in seconds since 1970."""
        return self._ask(lambda storage: storage.get_expiry(self._hashed(key)))

    def check(self) -> bool:
        """Tell whether somebody counts."""
        return self._ask(lambda storage: storage.check()) or self.spare.check()

    def reset(self) -> int | None:
        """Forget all windows; return how many."""
        return self._ask(lambda storage: storage.reset())

    def clear(self, key: str) -> None:
        """Forget one window."""
        self._ask(lambda storage: storage.clear(self._hashed(key)))

    def _ask(self, act: Callable[[RedisStorage | PostgresStorage], T]) -> T:
        if self._lost and self.clock() < self._again_at:
            return act(self.spare)
        self._again_at = self.clock() + redis_server.AGAIN_SECONDS  # while one asks, the others do not wait with it
        try:
            answer = act(self.redis)
        except (RedisError, OSError) as error:
            if not self._lost:
                log.warning("Redis is lost, PostgreSQL counts the rate limits: %s", type(error).__name__)
            self._lost = True
            return act(self.spare)
        if self._lost:
            self._lost = False
            log.info("Redis is back and counts the rate limits")
        return answer

    def _hashed(self, key: str) -> str:
        return hmac.digest(self._secret, key.encode(), "sha256").hex()
