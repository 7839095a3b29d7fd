"""What is said to somebody who looks for the right place before the camera: one thing, the most useful first."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from services.face_service import advice
from services.face_service.engine import Face
from services.face_service.fake_engine import FakeEngine, draw_face
from services.face_service.images import Pixels

GOOD = {"px": 180.0, "sharpness": 200.0, "mean": 120.0, "std": 40.0, "yaw": 0.0, "roll": 0.0}
MIDDLE = (230, 120, 410, 300)


@pytest.fixture(scope="module")
def picture() -> Pixels:
    return draw_face(7)


def face(picture: Pixels, box: tuple[int, int, int, int] = MIDDLE, **figures: float) -> Face:
    found = FakeEngine().detect(picture)[0]
    quality = dataclasses.replace(found.quality, **(GOOD | {"px": float(box[2] - box[0])} | figures))
    return dataclasses.replace(found, box=box, quality=quality)


@pytest.mark.parametrize(
    ("seen", "said"),
    [({}, None),
     ({"box": (300, 200, 360, 260), "mean": 20.0}, "face_too_small"),
     ({"box": (160, 60, 480, 380)}, "too_close"),
     ({"box": (0, 120, 180, 300)}, "move_left"),
     ({"box": (460, 120, 640, 300), "sharpness": 5.0}, "move_right"),
     ({"mean": 20.0}, "too_dark"),
     ({"mean": 230.0}, "too_bright"),
     ({"yaw": 0.4, "sharpness": 5.0}, "bad_pose"),
     ({"sharpness": 5.0}, "too_blurry")],
    ids=str,
)  # fmt: skip
def test_the_most_useful_thing_is_said_first(seen: dict[str, Any], said: str | None, picture: Pixels) -> None:
    dark = np.full_like(picture, 40) if seen.get("mean") == 20.0 else picture
    assert advice.hint(dark, [face(picture, **seen)], "login") == said


def test_a_dark_face_before_a_bright_window_is_told_where_the_light_is(picture: Pixels) -> None:
    window = np.full_like(picture, 220)
    window[120:300, 230:410] = 20
    assert advice.hint(window, [face(picture, mean=20.0)], "login") == "backlight"


def test_nobody_and_two_people_come_before_all_else(picture: Pixels) -> None:
    assert advice.hint(picture, [], "login") == "no_face"
    two = [face(picture, mean=20.0), face(picture, (450, 120, 560, 230))]
    assert advice.hint(picture, two, "login") == "multiple_faces"


def test_a_small_face_behind_counts_at_enrolment_only(picture: Pixels) -> None:
    with_a_passer_by = [face(picture), face(picture, (20, 20, 70, 70))]
    assert advice.hint(picture, with_a_passer_by, "login") is None
    assert advice.hint(picture, with_a_passer_by, "enrol") == "multiple_faces"
