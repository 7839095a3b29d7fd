"""Browsers by the hundred in one process: keep-alive connections of asyncio, requests made beforehand.

One answer costs this process about a tenth of a millisecond, so that it does not compete with the server it measures.
`Spent` of `benchmarks.checkin.machine` shows what it took.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from benchmarks.day.figures import percentile
from benchmarks.load.hall import Browser

TIMEOUT_SECONDS = 60.0
SHARES = (0.5, 0.95, 0.99)


class NotAsExpected(Exception):
    """An answer that this step does not give; the figures have its words."""


@dataclass
class Measured:
    """Seconds of each answer by step, and unexpected answers with how often."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def answers(self) -> int:
        return sum(len(found) for found in self.seconds.values())

    def lines(self) -> list[str]:
        """Return p50, p95 and p99 of each step in milliseconds."""
        found = [f"{'step':22}{'count':>8}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}   ms"]
        for step, seconds in self.seconds.items():
            shown = "".join(f"{1000 * percentile(seconds, share):9.1f}" for share in (*SHARES, 1.0))
            found.append(f"{step:22}{len(seconds):8}{shown}")
        return found + [f"FAILED {number} x {words}" for words, number in self.failures.most_common(8)]


class Line:
    """One browser's keep-alive connection."""

    def __init__(self, port: int, measured: Measured) -> None:
        self._port, self._measured = port, measured
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, step: str, request: bytes, expect: int = 200) -> bytes:
        """Send a request, note the seconds and return the body. Raises NotAsExpected."""
        began = time.perf_counter()
        try:
            status, body = await asyncio.wait_for(self._exchange(request), TIMEOUT_SECONDS)
        except (OSError, ValueError, asyncio.IncompleteReadError, TimeoutError) as error:
            self.close()
            self._measured.failures[f"{step}: {error!r}"[:160]] += 1
            raise NotAsExpected from error
        self._measured.seconds[step].append(time.perf_counter() - began)
        if status != expect:
            self._measured.failures[f"{step}: {status} {body[:120]!r}"] += 1
            raise NotAsExpected
        return body

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        kept = self._writer is not None
        try:
            return await self._once(request)
        except (OSError, asyncio.IncompleteReadError):
            if not kept:
                raise
            self.close()  # the server had closed the idle connection: a browser asks again
            return await self._once(request)

    async def _once(self, request: bytes) -> tuple[int, bytes]:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        assert self._reader is not None
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        begin = lower.index(b"content-length:") + 15
        body = await self._reader.readexactly(int(lower[begin : lower.index(b"\r\n", begin)]))
        if b"connection: close" in lower:
            self.close()
        return int(head[9:12]), body


@asynccontextmanager
async def line(port: int, measured: Measured) -> AsyncIterator[Line]:
    made = Line(port, measured)
    try:
        yield made
    finally:
        made.close()


def between(content: bytes, begin: bytes, end: bytes) -> bytes | None:
    """Return what stands between two marks, None when one is missing."""
    _before, found, rest = content.partition(begin)
    inner, closed, _after = rest.partition(end)
    return inner if found and closed else None


def get(path: str, browser: Browser, accept: str = "text/html") -> bytes:
    """Return the bytes of a GET."""
    return _request("GET", path, browser, accept)


def post_json(path: str, browser: Browser, content: object) -> bytes:
    """Return the bytes of a POST of JSON with the browser's CSRF token."""
    body = json.dumps(content).encode()
    more = f"Content-Type: application/json\r\nX-CSRFToken: {browser.token}\r\n"
    return _request("POST", path, browser, "application/json", more, body)


def post_form(path: str, browser: Browser, values: dict[str, object]) -> bytes:
    """Return the bytes of a sent form with the browser's CSRF token."""
    body = urlencode(values | {"csrf_token": browser.token}).encode()
    return _request("POST", path, browser, "text/html", "Content-Type: application/x-www-form-urlencoded\r\n", body)


def _request(method: str, path: str, browser: Browser, accept: str, more: str = "", body: bytes = b"") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\nCookie: {browser.cookie}\r\n{more}"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


def play(visits: Iterable[Callable[[], Coroutine[Any, Any, None]]]) -> float:
    """Run all visits at the same time; return the seconds until the last one is over."""

    async def together() -> None:
        await asyncio.gather(*(visit() for visit in visits))

    began = time.monotonic()
    asyncio.run(together())
    return time.monotonic() - began
