"""The application as the day's web server runs it: all of it real, with three declared differences.

Frames with the painted mark of the development engine are judged by that engine, all others by dlib. Rate limits are
counted as always, their bounds a thousand times as wide: four kiosks that play 800 voters in minutes are faster than
people. The disk floor is read from a file, so that a run can raise it above what is free.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from flask import Flask

from services.context import Platform
from services.face_service.engine import Face
from services.face_service.fake_engine import MARK, PATCH, FakeEngine
from services.face_service.images import Pixels
from services.face_service.liveness import ChallengeRun, Progress
from services.face_service.quality import Purpose
from services.face_service.service import FaceService

FLOOR_FILE = "SV_DAY_FLOOR"
WIDER = 1000
MARK_TOLERANCE = 25
"""Grey levels; the development engine's own."""


def build() -> Flask:
    """Return the application for gunicorn; settings come from the environment."""
    widen_limits()
    from app import create_app

    app = create_app()
    _let_floor_move(app, Path(os.environ[FLOOR_FILE]))
    platform: Platform = app.extensions["platform"]
    if platform.settings.face_engine == "dlib":
        platform.faces = DayFaces(platform.faces)  # type: ignore[assignment]
    return app


class DayFaces:
    """The real face service, but painted pictures go to the development engine."""

    def __init__(self, real: FaceService) -> None:
        self._real = real
        self._fast = FaceService(FakeEngine(), real.templates, real.face_threshold)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def find_one(self, image: Pixels, purpose: Purpose) -> Face:
        return self._for(image).find_one(image, purpose)

    def hint(self, picture: Pixels, purpose: Purpose) -> str | None:
        return self._for(picture).hint(picture, purpose)

    def advance(
        self, run: ChallengeRun, frames: Sequence[Pixels], now: float, position: int | None = None, busy: float = 0.0
    ) -> Progress:
        return self._for(frames[0]).advance(run, frames, now, position, busy)

    def _for(self, picture: Pixels) -> FaceService:
        return self._fast if is_painted(picture) else self._real


def is_painted(picture: Pixels) -> bool:
    """Tell whether an RGB picture carries the mark of the development engine."""
    quarter = PATCH // 4
    middle = picture[quarter : PATCH - quarter, quarter : PATCH - quarter].mean(axis=(0, 1))
    return bool(np.abs(middle - MARK).max() <= MARK_TOLERANCE)


def widen_limits() -> None:
    """Multiply every bound that a view declares; must run before the views are imported."""
    from blueprints.limits import limiter

    declare: Callable[..., Any] = limiter.limit

    def widened(value: str, **options: Any) -> Any:
        number, _space, rest = value.partition(" ")
        return declare(f"{int(number) * WIDER} {rest}", **options)

    limiter.limit = widened  # type: ignore[method-assign]


def _let_floor_move(app: Flask, file: Path) -> None:
    def read_floor() -> None:
        platform: Platform = app.extensions["platform"]
        floor = int(file.read_text())
        if floor != platform.settings.disk_floor_mb:
            platform.settings = replace(platform.settings, disk_floor_mb=floor)

    app.before_request(read_floor)
