"""The signals on an average face turned in space, and on flat pictures of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from services.face_service import gestures, relief, signals
from services.face_service.mean_face import MEAN_FACE, turned, with_closed_eyes

FRONT = turned(MEAN_FACE, 0) * 120 + 300


def view(yaw: float = 0, pitch: float = 0) -> np.ndarray:
    return turned(MEAN_FACE, yaw, pitch) * 120 + 300


def tilted_print(yaw: float = 0, pitch: float = 0) -> np.ndarray:
    x, y = (FRONT - 300).T
    a, b = np.radians(yaw), np.radians(pitch)
    z = -x * np.sin(a)
    x, y, z = x * np.cos(a), y * np.cos(b) + z * np.sin(b), z * np.cos(b) - y * np.sin(b)
    return np.stack([x, y], axis=1) * (900 / (900 - z))[:, None] + 300


def parallax(points: np.ndarray) -> np.ndarray:
    return signals.nose_parallax(signals.anchors(FRONT), signals.anchors(points)[None])[0]


def test_a_turn_to_ones_own_left_moves_the_nose_right_and_raises_yaw() -> None:
    ratios = [float(signals.yaw_ratio(view(yaw))) for yaw in (-24, -12, 0, 12, 24)]
    assert ratios == sorted(ratios)
    assert ratios[2] == pytest.approx(0, abs=1e-6)
    assert ratios[4] > 0.35 > -0.35 > ratios[0]


def test_mirroring_the_picture_flips_the_sign_of_yaw() -> None:
    mirror = list(range(16, -1, -1)) + list(range(17, 68))
    flipped = view(24)[mirror] * [-1, 1] + [640, 0]
    assert float(signals.yaw_ratio(flipped)) < -0.3


def test_roll_changes_neither_yaw_nor_pitch() -> None:
    turn = cv2.getRotationMatrix2D((300, 300), 20, 1.0)
    rolled = view(15) @ turn[:, :2].T + turn[:, 2]
    assert float(signals.roll_degrees(rolled)) == pytest.approx(-20, abs=0.5)
    assert float(signals.yaw_ratio(rolled)) == pytest.approx(float(signals.yaw_ratio(view(15))), abs=1e-6)
    assert float(signals.pitch_ratio(rolled)) == pytest.approx(float(signals.pitch_ratio(view(15))), abs=1e-6)


@pytest.mark.parametrize("yaw", [-28, 28])
def test_a_real_head_shows_parallax_in_the_direction_of_the_turn(yaw: float) -> None:
    assert np.sign(yaw) * parallax(view(yaw))[0] >= 0.12


@pytest.mark.parametrize(("yaw", "pitch"), [(38, 0), (-38, 0), (0, 34), (0, -34), (25, 20)])
def test_a_tilted_print_shows_no_parallax_at_all(yaw: float, pitch: float) -> None:
    assert np.abs(parallax(tilted_print(yaw, pitch))).max() < 0.01


def test_a_nod_lifts_the_nose_out_of_the_plane_and_changes_pitch() -> None:
    down, up = view(pitch=20), view(pitch=-20)
    assert float(signals.pitch_ratio(down)) > float(signals.pitch_ratio(FRONT)) > float(signals.pitch_ratio(up))
    assert parallax(down)[1] > 0.1 > -0.1 > parallax(up)[1]


def test_eyes_close_in_both_measures_of_opening() -> None:
    shut = with_closed_eyes(FRONT, 0.8)
    for measure in (signals.eye_aspect_ratio, signals.eye_opening):
        assert float(measure(shut)) < 0.5 * float(measure(FRONT))


def test_the_signals_take_whole_series_at_once() -> None:
    series = np.stack([view(yaw) for yaw in (-10, 0, 10)])
    assert signals.yaw_ratio(series).shape == signals.pitch_ratio(series).shape == (3,)
    assert signals.eye_opening(series).shape == signals.inter_ocular(series).shape == (3,)


def test_the_median_swallows_one_wild_frame_anywhere() -> None:
    for place in range(6):
        series = np.zeros(6)
        series[place] = 9.0
        assert not signals.median3(series).any()
    assert signals.median3(np.array([1.0, 2.0])).size == 0


def test_points_in_one_line_or_all_the_same_give_no_parallax() -> None:
    for flat in (np.zeros((11, 2)), np.column_stack([np.arange(11.0), np.arange(11.0)])):
        found = signals.nose_parallax(flat, np.stack([flat, flat]))
        assert np.isfinite(found).all()


def test_overlap_of_boxes_is_intersection_over_union() -> None:
    assert signals.box_overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1.0
    assert signals.box_overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert signals.box_overlap((0, 0, 10, 10), (10, 0, 20, 10)) == 0.0


def test_the_open_baseline_ignores_a_blink() -> None:
    assert signals.open_baseline(np.array([0.3, 0.3, 0.1, 0.1, 0.3])) == pytest.approx(0.3)


def series(**changes: float) -> gestures.Track:
    values: dict[str, float | None] = dict.fromkeys(("yaw", "parallax", "lift", "pitch"), 0.0)
    values |= {"eye": 1.0, "opening": 1.0, "relief": 0.0, "drop": 0.0, **changes}
    return gestures.Track(**{name: None if value is None else np.full(3, value) for name, value in values.items()})


def test_a_turn_needs_yaw_parallax_and_relief_of_one_direction() -> None:
    real = {"yaw": 0.35, "parallax": 0.17, "relief": 0.05}
    assert gestures.turn_at(series(**real), "left") == 0
    assert gestures.turn_at(series(**real), "right") is None
    assert gestures.turn_at(series(**{name: -value for name, value in real.items()}), "right") == 0
    for name in real:
        assert gestures.turn_at(series(**(real | {name: 0.0})), "left") is None
        assert gestures.turn_at(series(**(real | {name: -real[name]})), "left") is None


def test_a_nod_needs_pitch_parallax_and_relief_of_one_direction() -> None:
    real = {"pitch": 0.07, "lift": 0.20, "drop": 0.035}
    assert gestures.nod_at(series(**real)) == 0
    for name in real:
        assert gestures.nod_at(series(**(real | {name: 0.0}))) is None
        assert gestures.nod_at(series(**(real | {name: -real[name]}))) is None


def test_a_turn_without_relief_is_called_flat() -> None:
    assert gestures.flat_turn_at(series(yaw=0.4, parallax=0.15, relief=0.003)) == 0
    assert gestures.flat_turn_at(series(yaw=0.4, parallax=0.15, relief=0.04)) is None


def test_a_patch_without_any_texture_has_no_relief() -> None:
    blank = np.full((relief.SIDE, relief.SIDE), 90, np.uint8)
    nose = relief.nose_of(signals.anchors(FRONT))
    assert relief.relief(blank, nose, blank) == (0.0, 0.0)
    assert relief.unpack(b"") is None
    assert relief.unpack(relief.pack(blank)).shape == blank.shape
