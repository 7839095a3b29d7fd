"""Server-Sent Events: the hub's snapshots as a response that stays open, and the JSON of pages that poll."""

from __future__ import annotations

import json
import select
import time
from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask, Response, current_app, make_response, request
from flask_babel import gettext as _

from config import Settings
from services.context import live_hub
from services.database_errors import DatabaseError
from services.live import Hub, Key, Stream, TooManyStreams
from services.live.line import Line
from services.live.redis_line import RedisLine

EVENT_STREAM = "text/event-stream"
PULSE_SECONDS = 1.0
"""How long a stream sleeps before it looks whether the page is still there."""
BEAT_SECONDS = 15.0
"""A comment as often as this finds peers that vanished without a word, and keeps proxies from hanging up."""
RECHECK_SECONDS = 15.0
LIFE_SECONDS = 300.0
"""Then the stream ends and the browser asks again: rights, sessions and threads are looked at afresh."""
RETRY_MS = 2000
BUSY_SECONDS = 60

Maker = Callable[[int], dict[str, Any]]
Allowed = Callable[[], bool]


def init_app(app: Flask, settings: Settings, makers: dict[str, Maker]) -> None:
    """Give the application its hub; `makers` count for each kind of page, inside a request's context."""

    def make(key: Key) -> str:
        kind, election_id = key
        with app.test_request_context():
            return json.dumps(makers[kind](election_id), separators=(",", ":"))

    line = Line(settings.listener_dsn)
    carrier = RedisLine(settings.redis_url, line) if settings.redis_url else line
    app.extensions["live"] = Hub(carrier, make, runs=not app.config["TESTING"])


def is_wanted() -> bool:
    """Tell whether the caller asks for a stream."""
    return request.accept_mimetypes.best == EVENT_STREAM


def answer(key: Key, allowed: Allowed, share: float = 1.0) -> Response:
    """Answer the snapshot of `key` as a stream or as JSON; `allowed` is asked every 15 s while a stream is open.

    `share` is the part of the places that this kind of page may take.
    """
    hub = live_hub()
    if not is_wanted():
        return snapshot(key)
    try:
        stream = hub.enter(key, share)
    except TooManyStreams:
        words = _("All live lines are taken. This page asks every few seconds instead.")
        return Response(words, 503, {"Retry-After": str(BUSY_SECONDS)}, content_type="text/plain")
    try:
        hub.current(key)
    except BaseException:
        stream.close()
        raise
    gone, application = _peer_watch(request.environ.get("gunicorn.socket")), current_app._get_current_object()  # type: ignore[attr-defined]

    def still_allowed() -> bool:
        with application.app_context():
            try:
                return allowed()
            except DatabaseError:
                return True  # nothing is pushed either while it is away

    response = Response(events(hub, stream, still_allowed, gone), content_type=EVENT_STREAM)
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(stream.close)
    return response


def snapshot(key: Key) -> Response:
    """Answer the snapshot as JSON, not older than a second."""
    response = make_response(live_hub().current(key))
    response.content_type = "application/json"
    return response


def events(hub: Hub, stream: Stream, allowed: Allowed, gone: Callable[[], bool]) -> Iterator[str]:
    """Yield the snapshots as events until the peer is gone, the right is, the time is over, or the server stops."""
    opened = said = checked = time.monotonic()
    yield f"retry: {RETRY_MS}\n\n"
    while not hub.is_over and not gone():
        body, now = stream.next(PULSE_SECONDS), time.monotonic()
        if now - checked >= RECHECK_SECONDS:
            checked = now
            if not allowed():
                yield "event: over\ndata: {}\n\n"
                return
        if now - opened >= LIFE_SECONDS:
            return
        if body is not None:
            said = now
            yield f"data: {body}\n\n"
        elif now - said >= BEAT_SECONDS:
            said = now
            yield ": still here\n\n"


def _peer_watch(socket: Any) -> Callable[[], bool]:
    """Return what tells that the browser hung up: a page that listens sends nothing more, so what comes is the end."""
    if socket is None:
        return lambda: False

    watch = select.poll()
    watch.register(socket, select.POLLIN)

    def gone() -> bool:
        try:
            return bool(watch.poll(0))
        except (OSError, ValueError):
            return True

    return gone
