"""Liveness figures: a real moving head, genuine synthetic challenges, and every attack on every picture.

    python -m benchmarks.liveness [--faces ../shared/faces] [--limit N] [--jobs 2]

Prints rates with the bound that so few tries allow (rule of three), and exits 1 when a requirement is missed: turns of
the real head in the right direction, genuine challenges >= 90 % a try, no attack through a whole challenge. Synthetic
films: they check the rules, they certify nothing (no ISO 30107-3 test).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from services.face_service import signals
from services.face_service.engine import DlibEngine
from services.face_service.frames import Observation, observe_chunk, with_relief
from services.face_service.gestures import TURN_PARALLAX, TURN_RELIEF, TURN_YAW, Baseline, track
from services.face_service.images import Pixels, decode_image
from services.face_service.liveness import ChallengeRun, new_steps
from services.face_service.service import FaceService
from tests.support import film

DEFAULT_FACES = Path(__file__).resolve().parents[2] / "shared" / "faces"
LEAST_GENUINE = 0.90
CHUNK = 5
LOOP_TRIES = 2
PRINTS = ("still photograph", "flat, tilted", "flat, shifted", "bent r=2.0", "bent r=1.3")
TURNED_ALONE = (*PRINTS, "progressively bent", "tightly bent")
"""Attacks of which a turn alone is counted too, since a whole challenge needs two and a third action."""
Compose = Callable[[film.Sitter, Sequence[str], int], list[list[Pixels]]]
NEUTRAL_YAW = 0.12
"""Frames of the real film that serve as looking straight."""


class NoTemplates:
    """A challenge needs no templates."""

    def load(self, voter_id: int) -> list:
        return []

    replace = erase = load


@dataclass(frozen=True)
class Outcome:
    """One film: its kind, whether the whole challenge passed, why not, whether a turn alone passed."""

    kind: str
    passed: bool
    position: int
    reason: str
    turn: bool | None = None


def play(service: FaceService, steps: list[str], parts: Sequence[Sequence[Pixels]]) -> ChallengeRun:
    """Feed a film whose parts follow the demands: a part begins when its step is asked for, each shown once."""
    run, now = ChallengeRun(steps), 0.0
    for position, part in enumerate(parts):
        for chunk in film.chunks(film.as_jpegs(part), CHUNK):
            now += len(chunk) / film.FPS
            service.advance(run, chunk, now, position)
            if run.over or run.position > position:
                break
        if run.over or run.position <= position:
            break
    return run


def whole(service: FaceService, compose: Compose, sitter: film.Sitter, steps: list[str], seed: int) -> ChallengeRun:
    """Play a film to a challenge; the rest of it is only composed (the same frames) when the first step passes."""
    run = play(service, list(steps), compose(sitter, steps[:1], seed))
    return run if run.position <= 1 else play(service, list(steps), compose(sitter, steps, seed))


def single_turn(
    service: FaceService, compose: Compose, sitter: film.Sitter, steps: list[str], seed: int, run: ChallengeRun
) -> bool:
    """Tell whether the first turn of the challenge, judged alone after looking straight, passes."""
    turn = next(step for step in steps if step in ("left", "right"))
    if turn == steps[0]:
        return run.position > 1
    return play(service, [turn], compose(sitter, [turn], seed)).status == "passed"


def play_loop(service: FaceService, steps: list[str], frames: Sequence[Pixels], phase: int) -> ChallengeRun:
    """Feed a looping film that pays no attention to the demands, from frame `phase` on."""
    files = film.as_jpegs(frames)
    run, now, at = ChallengeRun(steps), 0.0, phase
    while not run.over and now < 60:
        # A camera films the screen: noise differs each round, so that repeated files are not what stops the loop.
        chunk = [files[(at + i) % len(files)] for i in range(CHUNK)]
        at, now = at + CHUNK, now + CHUNK / film.FPS
        run.digests.clear()
        service.advance(run, chunk, now)
    return run


def examine(task: tuple[str, int]) -> list[Outcome]:
    """Run every kind of film for one photograph; the challenges are drawn from a seed of their own."""
    path, number = task
    service = FaceService(DlibEngine(), NoTemplates())
    draw = random.Random(number)
    try:
        sitter = film.Sitter.from_photo(service.engine, decode_image(Path(path).read_bytes()))
    except IndexError:
        return [Outcome("no face in the photograph", False, 0, "no_face")]
    found = []
    for kind, compose in {"genuine": film.genuine, **film.ATTACKS}.items():
        steps = new_steps(draw)
        run = whole(service, compose, sitter, steps, number)
        turn = single_turn(service, compose, sitter, steps, number, run) if kind in TURNED_ALONE else None
        found.append(Outcome(kind, run.status == "passed", run.position, _why(run), turn))
    frames = film.loop(sitter, number)
    for _ in range(LOOP_TRIES):
        run = play_loop(service, new_steps(draw), frames, draw.randrange(len(frames)))
        found.append(Outcome("looped film", run.status == "passed", run.position, _why(run)))
    return found


def _why(run: ChallengeRun) -> str:
    wanted = run.demand or (run.steps[run.position - 1] if 0 < run.position <= len(run.steps) else "")
    return "" if run.status == "passed" else f"{run.reason or 'not recognised'} at {wanted or 'straight'}"


def moving_head(path: Path) -> tuple[int, int, list[str]]:
    """Return (turns found, turns in the right direction, lines to print) of a film of one real head.

    A turn is a stretch of at least 3 frames whose independent pose (solvePnP on all of the rigid landmarks) is beyond
    15 degrees; it is found when yaw, parallax and relief pass their thresholds in that direction.
    """
    tracks = _tracks(path)
    lines, found, right = [], 0, 0
    for observations, poses in tracks:
        frames = [item.main for item in observations if item.main is not None]
        straight = [frame for frame in frames if abs(frame.yaw) <= NEUTRAL_YAW][:9]
        if len(straight) < 3:
            lines.append(f"  track of {len(frames)} frames: never straight, skipped")
            continue
        straightest = min(range(len(frames)), key=lambda index: abs(frames[index].yaw))
        patch = observations[straightest].patch
        frames = [with_relief(item, frames[straightest], patch) for item in observations]
        seen = track(Baseline.of(straight), straight, frames)
        assert seen.relief is not None
        for sign, word in ((1, "left"), (-1, "right")):
            deep = (sign * seen.parallax >= TURN_PARALLAX) & (sign * seen.relief >= TURN_RELIEF)
            hits = np.flatnonzero((sign * seen.yaw >= TURN_YAW) & deep)
            if not len(hits):
                continue
            for stretch in np.split(hits, np.flatnonzero(np.diff(hits) > 5) + 1):
                pose = float(np.median([poses[i + 1] for i in stretch]))
                found += 1
                right += np.sign(pose) == sign
                lines.append(f"  turn to the person's {word}: {len(stretch)} frames, pose {pose:+.0f} degrees")
    return found, right, lines


def _tracks(path: Path) -> list[tuple[list[Observation], list[float]]]:
    """Follow the main face through the film; a jump of the box begins a new track."""
    engine, reader = DlibEngine(), cv2.VideoCapture(str(path))
    tracks: list[tuple[list[Observation], list[float]]] = []
    while images := _next_frames(reader):
        for seen, face in observe_chunk(engine, images, quick=True, last=None):
            if seen.main is None or face is None or face.quality.px < 60:
                continue
            last = tracks[-1][0][-1].main if tracks else None
            if last is None or signals.box_overlap(last.box, seen.main.box) < 0.2:
                tracks.append(([], []))
            tracks[-1][0].append(seen)
            tracks[-1][1].append(_pose_yaw(face.landmarks, *images[0].shape[1::-1]))
    return [item for item in tracks if len(item[0]) >= 10]


def _next_frames(reader: cv2.VideoCapture) -> list[Pixels]:
    """Return the film's next RGB frames, as many as the page sends at a time; none at its end."""
    frames = [frame for more, frame in (reader.read() for _ in range(CHUNK)) if more]
    return [np.ascontiguousarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)) for frame in frames]


def _pose_yaw(landmarks: np.ndarray, width: int, height: int) -> float:
    """Return the head's yaw in degrees, + to the person's left, in another way: solvePnP on the mean face."""
    use = [*range(0, 17, 2), *range(27, 36), 36, 39, 42, 45, 48, 54]
    model = film.MEAN_FACE[use] * [1, 1, -1]
    camera = np.array([[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]], dtype=float)
    start = np.zeros((3, 1)), np.array([[0.0], [0.0], [6.0]])
    _, turn, _ = cv2.solvePnP(
        model, landmarks[use].astype(float), camera, None, start[0], start[1], True, cv2.SOLVEPNP_ITERATIVE
    )
    matrix, _ = cv2.Rodrigues(turn)
    # The nose points along -z of the model; where it points across the picture is the sign sought.
    return float(np.degrees(np.arctan2(-matrix[0, 2], matrix[2, 2])))


def report(outcomes: Iterable[Outcome]) -> bool:
    """Print one line a kind of film and return whether the requirements are met."""
    kinds: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        kinds.setdefault(outcome.kind, []).append(outcome)
    good = True
    for kind, items in kinds.items():
        passed, count = sum(item.passed for item in items), len(items)
        line = f"{kind:28} {passed:3}/{count:3} whole challenges pass ({passed / count:6.1%})"
        turns = [item.turn for item in items if item.turn is not None]
        line += f", a turn alone {sum(turns)}/{len(turns)}" if turns else ""
        line += f", at most {3 / count:.1%} at 95 %" if passed == 0 and kind != "genuine" else ""
        print(line)
        why = Counter(item.reason for item in items if not item.passed).most_common(5)
        print(
            "    ended: " + ", ".join(f"{reason} {times}" for reason, times in why) if why else "    ended: all passed"
        )
        if kind == "genuine":
            good &= passed / count >= LEAST_GENUINE
        elif kind in film.ATTACKS:
            good &= passed == 0
    return good


def main() -> int:
    """Run everything; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=Path, default=DEFAULT_FACES, help="folder with people/*/* and moving_head.mp4")
    parser.add_argument("--limit", type=int, default=None, help="number of photographs")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2)))
    options = parser.parse_args()
    photos = sorted(path for path in (options.faces / "people").glob("*/*") if path.is_file())[: options.limit]
    good = True
    for video in sorted(options.faces.glob("*.mp4")):
        found, right, lines = moving_head(video)
        print(f"{video.name}: {found} head turns found, {right} in the right direction", *lines, sep="\n")
        good &= found > 0 and right == found
    print(f"{len(photos)} photographs, films at {film.FPS} frames a second, {CHUNK} frames a post")
    # Not forked: OpenCV has started threads of its own by now, and a copy without them would wait for ever.
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn")) as pool:
        outcomes = []
        for done, result in enumerate(pool.map(examine, [(str(path), n) for n, path in enumerate(photos)]), start=1):
            outcomes += result
            passed = " ".join(str(outcome.passed)[0] for outcome in result)
            print(f"  {done}/{len(photos)} {passed}", file=sys.stderr, flush=True)
    good &= report(outcomes)
    print("requirements met" if good else "REQUIREMENTS MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
