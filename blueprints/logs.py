"""Log lines with a request id; paths without their query, never a body.

Web processes share one file and the worker has its own; how several write one file: services/log_files.py.
"""

from __future__ import annotations

import logging
import secrets
import time
from urllib.parse import quote

from flask import Flask, Response, g, has_request_context, request

from config import Settings
from services import log_files, metrics
from services.log_files import SharedFileHandler

WEB, WORKER = "smart-voting.log", "worker.log"
log = logging.getLogger("smart_voting.requests")


PREVIEWS = frozenset({"poll.advice", "voter.identity_advice", "voter.check_in_face_advice", "admin.check_picture"})
"""Routes asked eight times a second by a camera page: only refusals of theirs are lines."""


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
    if any(isinstance(handler, SharedFileHandler) for handler in root.handlers):
        return
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    _add(terminal)
    write_to(WEB, settings)


def write_to(name: str, settings: Settings) -> None:
    """Write this process's lines to the file `name` of the log folder from now on."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, SharedFileHandler)]:
        root.removeHandler(handler)
        handler.close()
    settings.log_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log_files.turn_over(settings.log_folder, settings.log_mb)
    _add(SharedFileHandler(settings.log_folder / name))


def _add(handler: logging.Handler) -> None:
    handler.addFilter(RequestIdFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(request_id)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)


def _begin() -> None:
    g.request_id = secrets.token_hex(4)
    g.started = time.monotonic()


def _end(response: Response) -> Response:
    seconds = time.monotonic() - g.get("started", time.monotonic())
    if request.endpoint not in PREVIEWS or response.status_code >= 400:
        log.info("%s %s %s %.0f ms", request.method, loggable(request.path), response.status_code, seconds * 1000)
    metrics.observe_request(request.endpoint or "none", request.method, response.status_code, seconds)
    response.headers["X-Request-ID"] = g.get("request_id", "-")
    return response
