"""The line over Redis' publish and subscribe, with the line to PostgreSQL as its spare; same messages, same manners."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import redis
from redis.exceptions import RedisError

from services import redis_server
from services.live.line import CHANNEL, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, MESSAGE, Line

log = logging.getLogger(__name__)
FAILURES = (RedisError, OSError, ValueError)


@dataclass
class RedisLine:
    """`url` is that of Redis; `clock` counts seconds. Used by one thread only.

    While Redis is lost the spare is used; a process that lost it alone hears of others by its own clock, every 5 s.
    """

    url: str = field(repr=False)
    spare: Line
    clock: Callable[[], float] = time.monotonic
    _client: Any = None
    _heard: Any = None
    _tries: int = 0
    _again_at: float = 0.0

    @property
    def is_up(self) -> bool:
        """Tell whether Redis carries the messages."""
        return self._client is not None

    def exchange(self, changes: set[tuple[int, str]], seconds: float) -> set[int]:
        """Send the changes, wait at most `seconds` for others', return the ids of the elections they are about."""
        if not self.is_up and not self._open():
            return self.spare.exchange(changes, seconds)
        try:
            for election_id, topic in sorted(changes):
                self._client.publish(CHANNEL, f"{election_id} {topic}")
            return self._receive(seconds)
        except FAILURES as error:
            self._lose(error)
            return self.spare.exchange(changes, seconds)

    def close(self) -> None:
        """Let all connections go."""
        self._drop()
        self.spare.close()

    def _open(self) -> bool:
        if self.clock() < self._again_at:
            return False
        try:
            self._client = redis.Redis.from_url(self.url, decode_responses=True, **redis_server.options())
            self._heard = self._client.pubsub(ignore_subscribe_messages=True)
            self._heard.subscribe(CHANNEL)
            self._client.ping()
        except FAILURES as error:
            self._lose(error)
            return False
        if self._tries:
            log.info("Redis is back and tells the live pages")
        self._tries = 0
        self.spare.close()
        return True

    def _receive(self, seconds: float) -> set[int]:
        found, message = set(), self._heard.get_message(timeout=seconds)
        while message is not None:
            if known := MESSAGE.fullmatch(message["data"]):
                found.add(int(known[1]))
            message = self._heard.get_message(timeout=0)
        return found

    def _lose(self, error: Exception) -> None:
        if not self._tries:
            log.warning("Redis is lost, PostgreSQL tells the live pages: %s", type(error).__name__)
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(self._tries, 10))
        self._tries, self._again_at = self._tries + 1, self.clock() + pause
        self._drop()

    def _drop(self) -> None:
        client, heard, self._client, self._heard = self._client, self._heard, None, None
        for one in (heard, client):
            if one is not None:
                with suppress(*FAILURES):
                    one.close()
