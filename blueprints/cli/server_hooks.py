"""What gunicorn calls, from deploy/gunicorn.conf.py or `gunicorn --config python:blueprints.cli.server_hooks`.

Tells the application how many threads it has, so that live streams take only what requests do not need, and keeps
processes that are forked from a loaded application from sharing what only one may use.
"""

from __future__ import annotations

from typing import Any

from blueprints.work_gate import PLACES
from services import forking

SPARE = 16
"""Threads that requests wait in, and that read from slow clients."""
STREAMS = 200
"""Streams a process may hold; two processes serve 400 open live pages."""
THREADS = STREAMS + PLACES + SPARE


def when_ready(server: Any) -> None:
    """Ready a loaded application for its children; one that each child loads itself has nothing to share."""
    if server.app.callable is not None:
        with server.app.callable.app_context():
            forking.ready_for_children()


def post_fork(server: Any, _worker: Any) -> None:
    """Let the child of a loaded application start with no connection."""
    if server.app.callable is not None:
        with server.app.callable.app_context():
            forking.forget_connections()


def post_worker_init(worker: Any) -> None:
    """Give the live pages of this process their streams, and let them end when the worker is told to."""
    streams = max(0, int(worker.cfg.threads) - PLACES - SPARE)
    worker.wsgi.extensions["live"].allow(streams, ends=lambda: not worker.alive)
