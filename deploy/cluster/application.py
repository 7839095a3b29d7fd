"""The application as the cluster's nodes run it: production settings, with two declared differences.

Painted pictures are judged by the development engine, so that the drill's time goes into casting. Rate limits are
counted as always, their bounds a thousand times as wide, because all voters come from one address. A drill may set the
clock of a node ahead (`SV_CLUSTER_CLOCK_AHEAD`, seconds), as seen by its code.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta

from flask import Flask

from benchmarks.day.web import DayFaces, widen_limits
from services import clock


def build() -> Flask:
    """Return the application for gunicorn; settings come from the environment."""
    if ahead := int(os.environ.get("SV_CLUSTER_CLOCK_AHEAD", "0")):
        _set_ahead(ahead)
    widen_limits()
    from app import create_app

    app = create_app()
    app.extensions["platform"].faces = DayFaces(app.extensions["platform"].faces)
    return app


def _set_ahead(seconds: int) -> None:
    """Set both clocks that our code and our libraries read; must run before anything took hold of them."""
    right_now, right_time = clock.utc_now, time.time
    clock.utc_now = lambda: right_now() + timedelta(seconds=seconds)
    time.time = lambda: right_time() + seconds
