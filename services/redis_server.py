"""Redis, where REDIS_URL is set: counters of the rate limits and news for live pages. It holds nothing that is missed.

Keys are keyed hashes, messages an election's number and a word. When Redis is lost, PostgreSQL does both.
"""

from __future__ import annotations

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from services.context import platform

WAIT_SECONDS = 0.5
"""A request may wait as long for a Redis that hangs, and only one in `AGAIN_SECONDS` does."""
AGAIN_SECONDS = 5.0
HEALTH_SECONDS = 15
"""A subscriber asks so often whether the other end is still there: a cut network says nothing."""


def options() -> dict[str, Any]:
    """Return how every connection behaves: it fails fast, and once."""
    return {
        "socket_timeout": WAIT_SECONDS,
        "socket_connect_timeout": WAIT_SECONDS,
        "health_check_interval": HEALTH_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }


def trouble() -> str | None:
    """Return in words for the operator what is wrong with Redis; None when it answers or is not used."""
    url = platform().settings.redis_url
    if not url:
        return None
    try:
        with redis.Redis.from_url(url, **options()) as client:
            client.ping()
    except (RedisError, OSError, ValueError) as error:
        return f"Redis does not answer ({type(error).__name__}): PostgreSQL counts rate limits and tells live pages."
    return None
