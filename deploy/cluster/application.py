"""The application as the cluster's nodes run it: production settings, with two declared differences.

Painted pictures are judged by the development engine, so that the drill's time goes into casting. Rate limits are
counted as always, their bounds a thousand times as wide, because all voters come from one address.
"""

from __future__ import annotations

from flask import Flask

from benchmarks.day.web import DayFaces, widen_limits


def build() -> Flask:
    """Return the application for gunicorn; settings come from the environment."""
    widen_limits()
    from app import create_app

    app = create_app()
    app.extensions["platform"].faces = DayFaces(app.extensions["platform"].faces)
    return app
