"""What gunicorn calls: `gunicorn --config python:blueprints.cli.server_hooks`.

Tells the application how many threads it has, so that live streams take only what requests do not need.
"""

from __future__ import annotations

from typing import Any

from blueprints.work_gate import PLACES

SPARE = 16
"""Threads that requests wait in, and that read from slow clients."""
STREAMS = 200
"""Streams a process may hold; two processes serve 400 open live pages."""
THREADS = STREAMS + PLACES + SPARE


def post_worker_init(worker: Any) -> None:
    """Give the live pages of this process their streams, and let them end when the worker is told to."""
    streams = max(0, int(worker.cfg.threads) - PLACES - SPARE)
    worker.wsgi.extensions["live"].allow(streams, ends=lambda: not worker.alive)
