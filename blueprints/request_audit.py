"""Counting refused requests without slowing one down: gathered in memory, written every few seconds by a thread.

What is counted together, and what is never stored, is in `services.audit_trail.requests`. A process that is killed
loses the seconds it had not written; the access log still has each line.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter

from flask import Flask, Response, current_app, g, request

from blueprints.http import refusal_mark
from models import Refusal, transaction
from services import audit_trail, metrics
from services.audit_trail import Refused
from services.audit_trail.requests import minute_of
from services.clock import utc_now

log = logging.getLogger(__name__)

WRITE_EVERY_SECONDS = 5.0
MOST_KEYS = 200
"""Different rows a process keeps between two writes; the rest is counted without route and address."""
BY_STATUS = {401: Refusal.NOT_SIGNED_IN, 403: Refusal.FORBIDDEN, 404: Refusal.NOT_FOUND, 429: Refusal.TOO_MANY}
SIGN_IN = frozenset({"auth.login", "auth.logout", "voter.login"})


class Gatherer:
    """The counts of one process."""

    def __init__(self, app: Flask, writes: bool) -> None:
        self._app, self._writes = app, writes
        self._counts: Counter[Refused] = Counter()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def note(self, key: Refused) -> None:
        """Count one refusal; starts the writing thread with the first, after the server has forked."""
        with self._lock:
            if key not in self._counts and len(self._counts) >= MOST_KEYS:
                key = Refused(key.minute, key.kind, "", "", None)
            self._counts[key] += 1
            if self._writes and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._run, name="request-audit", daemon=True)
                self._thread.start()

    def write(self) -> None:
        """Write what was gathered, in a transaction of its own."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if counts:
            with transaction():
                audit_trail.write_refusals(counts)

    def _run(self) -> None:
        while True:
            time.sleep(WRITE_EVERY_SECONDS)
            try:
                with self._app.app_context():
                    self.write()
            except Exception:
                log.exception("Refused requests could not be written")


def gatherer() -> Gatherer:
    """Return the gatherer of the running application."""
    found: Gatherer = current_app.extensions["request_audit"]
    return found


def init_app(app: Flask) -> None:
    """Count from now on; tests write by hand."""
    app.extensions["request_audit"] = Gatherer(app, writes=not app.testing)
    app.after_request(_note)


def _note(response: Response) -> Response:
    kind = _kind(response)
    if kind is not None and kind is not Refusal.TOO_MANY:
        metrics.count(metrics.Event.REFUSED_REQUEST)
    if kind is not None:
        principal = g.get("principal")
        role = principal.role if principal is not None else "anonymous"
        moment = minute_of(utc_now())
        gatherer().note(Refused(moment, kind, request.endpoint or "", role, request.remote_addr))
    return response


def _kind(response: Response) -> Refusal | None:
    """Return why a request was refused, None when it was not.

    A public page that is not there is nobody's secret; an address that is no route at all counts, as scanners ask so.
    """
    if marked := refusal_mark():
        return Refusal(marked)
    kind = BY_STATUS.get(response.status_code)
    if kind is Refusal.NOT_SIGNED_IN and request.endpoint in SIGN_IN:
        return Refusal.SIGN_IN
    if kind is Refusal.NOT_FOUND and request.endpoint is not None:
        view = current_app.view_functions.get(request.endpoint)
        return kind if getattr(view, "__policy__", "public") != "public" else None
    return kind
