"""Log lines with a request id; paths without their query, never a body."""

from __future__ import annotations

import logging
import secrets
import time
from logging.handlers import RotatingFileHandler
from urllib.parse import quote

from flask import Flask, Response, g, has_request_context, request

from config import Settings

FILE_BYTES = 5 * 1024 * 1024
FILES = 5
log = logging.getLogger("smart_voting.requests")


class RequestIdFilter(logging.Filter):
    """Gives every record the id of the request it belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = g.get("request_id", "-") if has_request_context() else "-"
        return True


def loggable(path: str) -> str:
    """Return the path as it was sent, percent-encoded: a line break in it would forge a line of the log."""
    return quote(path, safe="/~")


def init_app(app: Flask, settings: Settings) -> None:
    _add_handlers(settings)
    app.before_request(_begin)
    app.after_request(_end)


def _add_handlers(settings: Settings) -> None:
    root = logging.getLogger()
    root.setLevel(settings.log_level)
    if any(isinstance(handler, RotatingFileHandler) for handler in root.handlers):
        return
    settings.log_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = RotatingFileHandler(settings.log_folder / "smart-voting.log", maxBytes=FILE_BYTES, backupCount=FILES)
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    for handler in (file, terminal):
        handler.addFilter(RequestIdFilter())
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(request_id)s %(name)s %(message)s"))
        root.addHandler(handler)


def _begin() -> None:
    g.request_id = secrets.token_hex(4)
    g.started = time.monotonic()


def _end(response: Response) -> Response:
    duration = (time.monotonic() - g.get("started", time.monotonic())) * 1000
    log.info("%s %s %s %.0f ms", request.method, loggable(request.path), response.status_code, duration)
    response.headers["X-Request-ID"] = g.get("request_id", "-")
    return response
