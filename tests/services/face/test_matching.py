"""The adaptive bar, and distances that are no numbers."""

from __future__ import annotations

import numpy as np
import pytest

from services.face_service import matching
from services.face_service.errors import PicturesDiffer, WrongCount


def at(distance: float) -> np.ndarray:
    vector = np.zeros(128, dtype=np.float32)
    vector[0] = distance
    return vector


@pytest.mark.parametrize(
    ("pictures", "frames", "setting", "bar"),
    [
        (3, 3, 0.6, 0.50), (5, 3, 0.6, 0.50), (2, 3, 0.6, 0.60), (3, 2, 0.6, 0.60), (1, 1, 0.6, 0.60),
        (3, 3, 0.45, 0.45), (1, 1, 0.45, 0.45), (1, 1, 0.9, 0.60), (3, 3, 0.1, 0.35),
        (3, 3, float("nan"), 0.50),
        (1, 1, float("inf"), 0.50),
    ],
)  # fmt: skip
def test_the_bar_tightens_with_three_and_three_and_never_exceeds_the_setting(
    pictures: int, frames: int, setting: float, bar: float
) -> None:
    assert matching.adaptive_threshold(pictures, frames, setting) == pytest.approx(bar)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), -float("inf"), 0.51])
def test_a_distance_that_is_no_number_or_too_large_is_never_accepted(value: float | None) -> None:
    assert not matching.accepts(value, 0.50)


def test_the_bar_itself_is_still_accepted() -> None:
    assert matching.accepts(0.50, 0.50)


def test_means_are_compared_and_the_nearest_picture_is_named() -> None:
    match = matching.verify([at(0.9), at(0.2), at(0.4)], [at(0.1), at(0.2), at(0.3)])
    assert match.ok
    assert match.distance == pytest.approx(0.3)
    assert (match.nearest, match.threshold) == (1, 0.50)
    assert match.confidence == pytest.approx(0.7)


def test_between_the_bars_only_the_loose_one_accepts() -> None:
    assert matching.verify([at(0)], [at(0.55)]).ok
    refused = matching.verify([at(0)] * 3, [at(0.55)] * 3)
    assert (refused.ok, refused.reason) == (False, "different_person")


@pytest.mark.parametrize(("enrolled", "probes"), [([], [at(0)]), ([at(0)], []), ([at(float("nan"))], [at(0)])])
def test_nothing_enrolled_no_probe_or_a_damaged_row_is_no_match(enrolled: list, probes: list) -> None:
    match = matching.verify(enrolled, probes)
    assert (match.ok, match.distance, match.confidence) == (False, None, 0.0)
    assert match.reason


def test_an_encoding_of_another_length_is_no_match() -> None:
    assert np.isnan(matching.distance(at(0), np.zeros(64, dtype=np.float32)))


@pytest.mark.parametrize("count", [0, 1, 2, 6])
def test_enrolment_takes_three_to_five_pictures(count: int) -> None:
    with pytest.raises(WrongCount):
        matching.check_enrolment([at(0)] * count)


def test_enrolment_asks_again_when_one_pair_is_too_far_apart() -> None:
    matching.check_enrolment([at(0), at(0.25), at(0.5)])
    with pytest.raises(PicturesDiffer):
        matching.check_enrolment([at(0), at(0.25), at(0.51)])
    with pytest.raises(PicturesDiffer):
        matching.check_enrolment([at(0), at(0), at(float("nan"))])
