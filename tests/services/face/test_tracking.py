"""The face of a challenge is followed from frame to frame; whole frames are searched often enough."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from services.face_service import detection, frames
from services.face_service.detection import Box
from services.face_service.engine import DlibEngine, Face, Landmarks
from services.face_service.fake_engine import FakeEngine, draw_face
from services.face_service.frames import observe_chunk
from services.face_service.images import Pixels
from services.face_service.liveness import ChallengeRun
from services.face_service.quality import Purpose
from tests.services.face.helpers import packaged_portraits, service_with
from tests.support import film


@dataclass
class Watched(FakeEngine):
    """Sees one face where it follows, everybody where it searches; keeps what it was asked to do."""

    asked: list[str] = field(default_factory=list)
    name = "fake"

    def detect(
        self, image: Pixels, quick: bool = False, near: Box | None = None, purpose: Purpose = "enrol"
    ) -> list[Face]:
        self.asked.append(f"search{'' if quick else ' behind'}{' near' if near else ''}")
        return super().detect(image, quick)

    def follow(self, image: Pixels, before: Face) -> Face | None:
        self.asked.append("follow")
        return next(iter(super().detect(image)), None)

    def eye_landmarks(self, image: Pixels, face: Face) -> Landmarks:
        self.asked.append("eyes")
        return super().eye_landmarks(image, face)


def looked(faces: list[int], quick: bool, last: Box | None = None) -> list[str]:
    """Return how a chunk was looked at in which so many faces are on the pictures."""
    engine = Watched()
    observe_chunk(engine, pictures(faces), quick=quick, last=last, eyes=False)
    return engine.asked


def pictures(faces: list[int]) -> list[Pixels]:
    return [draw_face(5, seed=seed, faces=count) for seed, count in enumerate(faces)]


NEAR = (200, 100, 380, 280)


def test_a_turn_is_followed_and_every_third_frame_searched_whole() -> None:
    assert looked([1] * 5, quick=True, last=NEAR) == ["search", "follow", "follow", "search", "follow"]


def test_people_behind_a_straight_face_are_sought_in_every_third_frame() -> None:
    assert looked([1] * 4, quick=False) == ["search behind", "follow", "follow", "search behind near"]


def test_after_a_frame_without_exactly_one_face_the_next_is_searched_whole() -> None:
    assert looked([0, 1, 1, 1], quick=True, last=NEAR) == ["search", "search", "follow", "search"]
    assert looked([2, 1, 1, 1], quick=True, last=NEAR) == ["search", "search", "follow", "search"]


def test_a_face_that_cannot_be_followed_is_searched_in_the_same_frame() -> None:
    assert looked([1, 0, 1], quick=True) == ["search", "follow", "search", "search"]


def test_the_eyes_are_read_for_a_straight_face_and_a_blink_only() -> None:
    read = {}
    for demand in ("straight", "left", "nod", "blink"):
        engine = Watched()
        run = ChallengeRun([demand, "left", "left"], position=0 if demand == "straight" else 1)
        run.neutral = [frames.observe(engine, picture)[0].main for picture in pictures([1])]  # type: ignore[misc]
        engine.asked.clear()
        service_with(engine).advance(run, pictures([1, 1]), 0.3)
        read[demand] = engine.asked.count("eyes")
    assert read == {"straight": 2, "left": 0, "nod": 0, "blink": 2}


def test_somebody_who_joins_between_two_whole_searches_ends_the_challenge() -> None:
    service = service_with(Watched())
    run = ChallengeRun(["left", "blink", "right"])
    service.advance(run, pictures([1] * 5), 0.3)
    assert run.position == 1
    joins = [draw_face(5, seed=10 + seed, faces=count) for seed, count in enumerate([1, 2, 2, 2, 2])]
    service.advance(run, joins, 0.8)
    assert (run.status, run.reason) == ("failed", "several_faces")


@pytest.fixture(scope="module")
def engine() -> DlibEngine:
    return DlibEngine()


@pytest.fixture(scope="module")
def front(engine: DlibEngine) -> Pixels:
    return film.bend(film.Sitter.from_photo(engine, packaged_portraits()[0]), film.Pose())


def shifted(box: Box, share: float) -> Box:
    move = round(share * (box[2] - box[0]))
    return box[0] + move, box[1] + move, box[2] + move, box[3] + move


@pytest.fixture(scope="module")
def far(front: Pixels) -> Pixels:
    """The same person at twice the distance, too small for the coarse copy."""
    return cv2.copyMakeBorder(cv2.resize(front, (320, 240)), 120, 120, 160, 160, cv2.BORDER_REPLICATE)


@pytest.mark.realface
@pytest.mark.slow
@pytest.mark.parametrize("way", [3, 30])
def test_a_face_is_followed_without_a_search_to_where_a_search_finds_it(
    engine: DlibEngine, front: Pixels, monkeypatch: pytest.MonkeyPatch, way: int
) -> None:
    before = engine.detect(front)[0]
    now = np.roll(front, way, axis=1)
    found = engine.detect(now)[0]
    monkeypatch.delattr(detection, "_hog")
    followed = engine.follow(now, before)
    assert followed is not None
    assert followed.box == pytest.approx(tuple(np.add(before.box, (way, 0, way, 0))), abs=3)
    assert np.abs(followed.landmarks - found.landmarks).mean() < 0.02 * before.width
    assert np.linalg.norm(engine.encode(now, followed) - engine.encode(now, found)) < 0.25


@pytest.mark.realface
@pytest.mark.slow
def test_a_face_that_left_or_is_covered_is_not_followed(engine: DlibEngine, front: Pixels) -> None:
    before = engine.detect(front)[0]
    left, top, right, bottom = before.box
    covered = front.copy()
    covered[top:bottom, left:right] = 120
    noise = np.random.default_rng(1).integers(0, 255, front.shape, dtype=np.uint8)
    for image in (np.roll(front, front.shape[1] // 2, axis=1), covered, noise, np.zeros_like(front)):
        assert engine.follow(image, before) is None


@pytest.mark.realface
@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.1, -0.1])
def test_a_small_face_is_found_around_its_last_box(
    engine: DlibEngine, far: Pixels, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    box = engine.detect(far)[0].box
    searched: list[tuple[int, ...]] = []
    hog = detection._hog
    monkeypatch.setattr(detection, "_hog", lambda grey, *rest: searched.append(grey.shape) or hog(grey, *rest))
    found = engine.detect(far, quick=True, near=shifted(box, share))
    assert len(found) == 1
    assert detection.box_overlap(found[0].box, box) > 0.6
    assert len(searched) == 2  # the coarse copy, the crop
    assert max(searched[1]) <= 2 * detection.TRACK_FACE


@pytest.mark.realface
@pytest.mark.slow
def test_a_face_that_went_elsewhere_is_found_in_the_whole_frame(engine: DlibEngine, far: Pixels) -> None:
    whole = [face.box for face in engine.detect(far, quick=True)]
    assert len(whole) == 1
    for lost in ((0, 0, 90, 90), (600, 440, 760, 600), (5000, 10, 5090, 100)):
        assert [face.box for face in engine.detect(far, quick=True, near=lost)] == whole


@pytest.mark.realface
@pytest.mark.slow
def test_a_near_face_is_seen_wherever_it_is_while_a_small_one_is_followed(
    engine: DlibEngine, front: Pixels, far: Pixels
) -> None:
    left, top, right, bottom = engine.detect(far)[0].box
    both = front.copy()
    both[:160, :160] = far[top - 30 : top + 130, left - 30 : left + 130]
    followed = (30, 30, 30 + right - left, 30 + bottom - top)
    assert [face.box for face in engine.detect(both, quick=True, near=followed)] == [engine.detect(front)[0].box]


def test_the_size_of_a_followed_box_changes_only_by_more_than_the_grid() -> None:
    assert detection._steady((90, 90, 210, 210), (100, 100, 200, 200)) == (100, 100, 200, 200)
    assert detection._steady((80, 80, 220, 220), (100, 100, 200, 200)) == (80, 80, 220, 220)


@pytest.mark.realface
@pytest.mark.slow
@pytest.mark.parametrize(("share", "login"), [(0.7, 2), (0.43, 1)])
def test_people_behind_are_sought_as_far_as_they_count(
    engine: DlibEngine, front: Pixels, share: float, login: int
) -> None:
    smaller = cv2.resize(front, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    both = np.full((480, 640 + smaller.shape[1], 3), 90, dtype=np.uint8)
    both[:, :640], both[: smaller.shape[0], 640:] = front, smaller
    assert len(engine.detect(both, purpose="login")) == login
    assert len(engine.detect(both, purpose="enrol")) == 2


@pytest.mark.realface
@pytest.mark.slow
def test_eight_threads_that_share_an_engine_see_what_one_sees(engine: DlibEngine, front: Pixels, far: Pixels) -> None:
    """Search, landmarks, eyes, alignment and encoding; benchmarks/face_mixed_load.py does it for half an hour."""
    small = cv2.resize(front, (320, 240))
    jobs = [(front, False, None), (far, True, engine.detect(far)[0].box), (small, True, None)]

    def work(number: int) -> tuple[Box, bytes, bytes]:
        image, quick, near = jobs[number % len(jobs)]
        face = engine.follow(image, engine.detect(image, quick, near)[0])
        assert face is not None
        return face.box, engine.eye_landmarks(image, face).tobytes(), engine.encode(image, face).tobytes()

    alone = [work(number) for number in range(len(jobs))]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(work, range(24)))
    assert [item[:2] for item in together] == [alone[number % len(jobs)][:2] for number in range(24)]
    vectors = [np.frombuffer(item[2], dtype=np.float32) for item in (*together, *alone)]
    assert max(np.abs(vectors[n] - vectors[24 + n % len(jobs)]).max() for n in range(24)) <= 1e-5
