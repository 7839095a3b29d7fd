"""The challenge as a state machine, driven by pictures painted for the development engine."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable

import pytest

from services.face_service import liveness
from services.face_service.errors import TooManyFrames
from services.face_service.fake_engine import FakeEngine, draw_face
from services.face_service.liveness import ChallengeRun, Progress, new_steps
from services.face_service.service import FaceService
from tests.services.face.helpers import service_with

Look = dict[str, float]
STRAIGHT: list[Look] = [{}] * 5
LEFT: list[Look] = [{"yaw": yaw} for yaw in (0, 10, 22, 30, 30, 30, 18, 6, 0)]
RIGHT: list[Look] = [{"yaw": -look["yaw"]} for look in LEFT]
BLINK: list[Look] = [{"closed": shut} for shut in (0, 0, 0.7, 0.9, 0.9, 0.4, 0, 0, 0)]
NOD: list[Look] = [{"pitch": pitch} for pitch in (0, 8, 20, 27, 27, 27, 10, 0, 0)]
ACTIONS = {"left": LEFT, "right": RIGHT, "blink": BLINK, "nod": NOD}


class Camera:
    """Feeds looks to a run in chunks of five, half a second apart; every frame has its own noise."""

    def __init__(self, run: ChallengeRun, person: int = 7) -> None:
        self.run, self.person, self.now = run, person, 1000.0
        self.seeds = itertools.count()
        self.service: FaceService = service_with(FakeEngine())

    def film(self, looks: Iterable[Look], position: int | None = None, person: int | None = None) -> Progress:
        who = self.person if person is None else person
        frames = [draw_face(who, **look, seed=next(self.seeds)) for look in looks]  # type: ignore[arg-type]
        return self.send(frames, position)

    def send(self, frames: list, position: int | None = None) -> Progress:
        progress = Progress(self.run.status, self.run.position, self.run.demand)
        for start in range(0, len(frames), 5):
            self.now += 0.5
            progress = self.service.advance(self.run, frames[start : start + 5], self.now, position)
            if progress.status != "pending":
                break
        return progress


@pytest.fixture(scope="module", params=["left", "right", "blink", "nod"])
def action(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def started(*steps: str) -> Camera:
    camera = Camera(ChallengeRun(list(steps)))
    assert camera.film(STRAIGHT).status == "step_done"
    return camera


def test_a_challenge_has_both_turns_and_one_other_action_in_any_order() -> None:
    drawn = {tuple(new_steps(random.Random(seed))) for seed in range(400)}
    assert len(drawn) == 12
    assert all({"left", "right"} < set(steps) and len(steps) == 3 for steps in drawn)
    assert all(len(new_steps()) == 3 for _ in range(5))


@pytest.mark.parametrize("steps", sorted({tuple(new_steps(random.Random(seed))) for seed in range(400)}))
def test_every_challenge_can_be_passed(steps: tuple[str, ...]) -> None:
    camera = started(*steps)
    for position, step in enumerate(steps, start=1):
        assert camera.run.demand == step
        progress = camera.film(ACTIONS[step], position)
    assert (progress.status, progress.demand) == ("passed", None)
    assert set(camera.run.reasons) <= {"jump"}, "the painted head jumps back when a step is done"
    assert len(camera.run.probes) == 5


def test_doing_nothing_passes_no_step(action: str) -> None:
    camera = started(action)
    assert camera.film([{}] * 20).status == "pending"


def test_another_turn_than_the_demanded_one_fails(action: str) -> None:
    camera = started(action)
    progress = camera.film(RIGHT if action == "left" else LEFT)
    assert (progress.status, progress.reason) == ("failed", "wrong_action")
    assert progress.advice
    assert camera.run.suspicion_score > 0


@pytest.mark.parametrize("demanded", ["left", "right", "blink"])
def test_a_nod_in_place_of_the_demanded_action_fails(demanded: str) -> None:
    assert started(demanded).film(NOD).reason == "wrong_action"


def test_a_natural_blink_during_a_turn_is_no_mistake() -> None:
    camera = started("left")
    assert camera.film([*BLINK, *LEFT]).status == "passed"


def test_the_way_back_from_a_turn_is_not_taken_for_the_next_action() -> None:
    camera = started("left", "blink", "right")
    assert camera.film(LEFT).status == "step_done"
    assert camera.film([{"yaw": yaw} for yaw in (30, 30, 30, 20, 10)]).status == "pending"
    assert camera.film(BLINK).status == "step_done"
    assert camera.film(RIGHT).status == "passed"


def test_frames_filmed_before_the_demand_was_shown_prove_nothing() -> None:
    camera = started("left", "right", "nod")
    assert camera.film(LEFT, position=0).status == "pending"
    assert camera.film(LEFT, position=1).status == "step_done"
    assert camera.film(RIGHT, position=1).status == "pending"


def test_the_rest_of_the_chunk_that_finishes_a_step_is_not_counted() -> None:
    camera = Camera(ChallengeRun(["left"]))
    frames = [draw_face(7, **look, seed=i) for i, look in enumerate([*STRAIGHT, *LEFT[2:5]])]  # type: ignore[arg-type]
    assert camera.service.advance(camera.run, frames, 1000.0).status == "step_done"
    assert camera.run.frames == []


def test_a_step_ends_after_six_seconds_and_looking_straight_after_twenty() -> None:
    camera = started("left")
    camera.now += liveness.STEP_SECONDS
    assert camera.film(LEFT).reason == "timeout"
    late = Camera(ChallengeRun(["left"]))
    late.film([{"yaw": 30}] * 5)
    late.now += liveness.NEUTRAL_SECONDS
    assert late.film(STRAIGHT).reason == "timeout"


def test_a_decided_challenge_stays_decided() -> None:
    camera = started("left")
    camera.film(RIGHT)
    assert camera.film(LEFT).reason == "wrong_action"


def test_looking_aside_first_brings_advice_and_no_progress() -> None:
    camera = Camera(ChallengeRun(["left"]))
    progress = camera.film([{"yaw": 25}] * 5)
    assert (progress.status, progress.advice) == ("pending", "Look straight at the camera.")
    assert camera.film(STRAIGHT).status == "step_done"


def test_the_dark_brings_advice() -> None:
    camera = Camera(ChallengeRun(["left"]))
    progress = camera.send([draw_face(7, light=10, seed=seed) for seed in range(5)])
    assert progress.advice == "More light, from the front."


def test_three_frames_sent_again_end_the_challenge() -> None:
    camera = started("left")
    same = draw_face(7, seed=999)
    assert camera.send([same] * 5).reason == "repeated_frames"


def test_one_repeated_frame_is_only_noted() -> None:
    camera = started("left")
    same = draw_face(7, seed=999)
    assert camera.send([same, same]).status == "pending"
    assert camera.run.reasons == ["repeated_frames"]
    assert camera.film(LEFT).status == "passed"


def test_a_still_picture_with_a_pixel_changed_counts_as_a_repeat() -> None:
    camera = started("left")
    same = draw_face(7, seed=999)
    changed = [same.copy() for _ in range(5)]
    for index, frame in enumerate(changed):
        frame[101, 101] = index
    assert camera.send(changed).reason == "repeated_frames"


def test_a_second_person_ends_the_challenge_but_not_the_first_look() -> None:
    two = [draw_face(7, faces=2, seed=seed + 50) for seed in range(4)]
    first = Camera(ChallengeRun(["left"]))
    assert first.send(two).advice == "Only one person."
    assert first.film(STRAIGHT).status == "step_done"
    assert started("left").send(two).reason == "several_faces"


def test_a_face_that_jumps_ends_the_challenge() -> None:
    camera = started("left")
    shifted = [draw_face(7, seed=seed + 50, size=(1200, 480)) for seed in range(3)]
    assert camera.send(shifted).reason == "face_changed"


def test_a_face_lost_for_long_ends_the_challenge() -> None:
    camera = started("left")
    blank = [draw_face(7, seed=seed + 50, faces=0) for seed in range(8)]
    assert camera.send(blank).reason == "face_lost"


def test_another_person_who_does_the_turn_is_noticed() -> None:
    camera = started("left")
    assert camera.film(LEFT, person=99).reason == "different_person"
    assert camera.run.suspicion_score >= 0.8


def test_two_people_in_the_straight_frames_do_not_count_as_one() -> None:
    camera = Camera(ChallengeRun(["left"]))
    for seed in range(4):
        camera.send([draw_face(7 + 90 * (seed % 2), seed=seed)])
    assert camera.run.position == 0


def test_frames_posted_faster_than_any_camera_end_the_challenge() -> None:
    camera = started("left")
    for _ in range(10):
        camera.now -= 0.49
        progress = camera.film([{}] * 5)
    assert progress.reason == "too_fast"


def test_more_than_eight_frames_at_once_are_refused() -> None:
    camera = started("left")
    with pytest.raises(TooManyFrames):
        camera.service.advance(camera.run, [draw_face(7)] * 9, camera.now)


class Reverser:
    """Something like encryption."""

    def encrypt(self, data: bytes, /) -> bytes:
        return b"sealed" + data[::-1]

    def decrypt(self, token: bytes, /) -> bytes:
        return token[6:][::-1]


@pytest.mark.parametrize("encryptor", [None, Reverser()])
def test_a_run_survives_storage_as_json_after_every_chunk(encryptor: Reverser | None) -> None:
    camera = Camera(ChallengeRun(["right", "blink", "left"]))
    looks = [STRAIGHT, RIGHT, BLINK, LEFT]
    for part in looks:
        for start in range(0, len(part), 4):
            progress = camera.film(part[start : start + 4])
            text = json.dumps(liveness.dump(camera.run, encryptor))
            assert len(text) < 60_000
            camera.run = liveness.load(json.loads(text), encryptor)
            if progress.status != "pending":
                break
    assert camera.run.status == "passed"
    assert camera.run.report()["status"] == "passed"


def test_a_challenge_begun_before_an_update_goes_on_with_its_three_straight_frames() -> None:
    camera = started("left")
    state = liveness.dump(camera.run)
    del state["fresh"]
    for name in ("neutral", "probes"):
        state[name] = state[name][:3]
    camera.run = liveness.load(state)
    assert camera.film(LEFT).status == "passed"
    assert len(camera.run.probes) == 3


def test_stored_encodings_are_sealed() -> None:
    camera = started("left")
    plain, sealed = liveness.dump(camera.run), liveness.dump(camera.run, Reverser())
    assert plain["probes"][0] not in json.dumps(sealed)


def test_the_report_holds_neither_faces_nor_encodings() -> None:
    camera = started("left")
    camera.film(RIGHT)
    assert set(camera.run.report()) == {
        "steps", "position", "status", "reason", "reasons", "suspicion_score", "frames", "repeats",
    }  # fmt: skip
