"""Eight threads share one face engine for half an hour: does every answer equal that of one thread, does memory stay?

    .venv/bin/python -m benchmarks.face_mixed_load [--minutes 30] [--threads 8]

Searches of whole frames at three sizes, frames that follow a face, eye landmarks, single and batch encodings,
enrolment and chunks of a challenge, in random order. Every answer is compared with the one that a single thread gave
before: boxes and landmarks must be equal, encodings at most 1e-5 apart. Exit 1 when one differs, when a thread fails,
or when the process holds over 5 % more memory in the last quarter than in the second.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from services.face_service.detection import Box
from services.face_service.engine import DlibEngine, Face
from services.face_service.errors import Busy
from services.face_service.frames import observe_chunk
from services.face_service.images import Pixels
from services.face_service.service import FaceService
from tests.support import film, portraits

FARTHEST = 1e-5
GROWTH = 1.05
SAMPLES = 240
"""Readings of the memory in all; of each quarter the median counts."""
Answer = tuple[object, list[np.ndarray]]
"""What must be equal, and the encodings, which need only be close: a sum of floats may be taken in another order."""


class NoTemplates:
    """An enrolment that is looked at and thrown away needs no store."""

    def load(self, voter_id: int) -> list:
        return []

    replace = erase = load


def pictures(engine: DlibEngine) -> list[Pixels]:
    """Return two people near and far, at 640, 320 and 1280 px."""
    found = []
    for portrait in (portraits.astronaut(), portraits.admiral()):
        near = film.bend(film.Sitter.from_photo(engine, portrait), film.Pose())
        border = (120, 120, 160, 160, cv2.BORDER_REPLICATE)
        far = cv2.copyMakeBorder(cv2.resize(near, (320, 240)), *border)
        found += [near, far, cv2.resize(near, (320, 240)), cv2.resize(near, (1280, 960))]
    return [np.ascontiguousarray(picture, dtype=np.uint8) for picture in found]


def works(engine: DlibEngine, images: list[Pixels]) -> dict[str, Callable[[], Answer]]:
    """Return the kinds of work by name; each returns what is compared."""
    service = FaceService(engine, NoTemplates())
    faces = [engine.detect(image)[0] for image in images]
    found: dict[str, Callable[[], Answer]] = {}
    for n, (image, face) in enumerate(zip(images, faces, strict=True)):
        size = f"{n} ({image.shape[1]} px)"
        found |= {
            f"whole search {size}": lambda i=image: ([f.box for f in engine.detect(i)], []),
            f"search near {size}": lambda i=image, f=face: ([g.box for g in engine.detect(i, True, f.box)], []),
            f"followed face {size}": lambda i=image, f=face: (_box(engine.follow(i, f)), []),
            f"landmarks {size}": lambda i=image: (engine.detect(i, True)[0].landmarks.tobytes(), []),
            f"eyes {size}": lambda i=image, f=face: (engine.eye_landmarks(i, f).tobytes(), []),
            f"encoding {size}": lambda i=image, f=face: ((), [engine.encode(i, f)]),
            f"chunk {size}": lambda i=image, f=face: (
                [(seen.people, seen.main, seen.digest) for seen, _face in observe_chunk(engine, [i] * 3, True, f.box)],
                [],
            ),
        }
    found["batch of 8"] = lambda: ((), engine.encode_many(list(zip(images, faces, strict=True))))
    for n in (0, 3, 4):
        found[f"enrolment {n}"] = lambda i=images[n]: _enrolled(service, i)
    return found


def _box(face: Face | None) -> Box | None:
    return face.box if face else None


def _enrolled(service: FaceService, image: Pixels) -> Answer:
    kept = service.template(image)
    return (kept.quality, len(kept.snapshot)), [kept.encoding]


@dataclass
class Load:
    """The work, the answers of one thread, and what happened since."""

    works: dict[str, Callable[[], Answer]]
    expected: dict[str, Answer]
    until: float
    done: Counter[str] = field(default_factory=Counter)
    busy: int = 0
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, seed: int) -> None:
        """Work as one thread until the time is over."""
        draw, names = random.Random(seed), list(self.works)
        while time.monotonic() < self.until:
            name = draw.choice(names)
            try:
                problem = difference(self.works[name](), self.expected[name])
            except Busy:
                self.busy += 1
                continue
            except Exception as error:  # a thread that dies must be reported, not vanish
                problem = repr(error)
            with self.lock:
                self.done[name.split(" (")[0].rstrip(" 0123456789") or name] += 1
                if problem:
                    self.wrong.append(f"{name}: {problem}")


def difference(answer: Answer, expected: Answer) -> str | None:
    """Return what is wrong with an answer, None when nothing is."""
    if answer[0] != expected[0]:
        return f"{answer[0]!r:.200} in place of {expected[0]!r:.200}"
    far = max((float(np.abs(a - b).max()) for a, b in zip(answer[1], expected[1], strict=True)), default=0.0)
    return None if far <= FARTHEST else f"an encoding is {far} away"


def megabytes() -> float:
    """Return what this process holds now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--threads", type=int, default=8)
    asked = parser.parse_args()
    engine = DlibEngine()
    todo = works(engine, pictures(engine))
    expected = {name: work() for name, work in todo.items()}
    load = Load(todo, expected, time.monotonic() + 60 * asked.minutes)
    threads = [threading.Thread(target=load.run, args=(seed,)) for seed in range(asked.threads)]
    print(
        f"{len(todo)} kinds of work, {asked.threads} threads, {asked.minutes:g} minutes; {megabytes():.0f} MB",
        flush=True,
    )
    for thread in threads:
        thread.start()
    held = []
    while any(thread.is_alive() for thread in threads):
        time.sleep(max(0.1, 60 * asked.minutes / SAMPLES))
        held.append(megabytes())
        if len(held) % 24 == 0:
            print(f"  {held[-1]:.0f} MB, {sum(load.done.values())} answers, {len(load.wrong)} wrong", flush=True)
    return report(load, held)


def report(load: Load, held: list[float]) -> int:
    for name, count in sorted(load.done.items()):
        print(f"{name:20} {count:8,}")
    quarter = max(1, len(held) // 4)
    second, last = statistics.median(held[quarter : 2 * quarter] or held), statistics.median(held[-quarter:])
    print(f"{sum(load.done.values()):,} answers, {len(load.wrong)} wrong, {load.busy} refused as busy")
    print(f"memory: second quarter {second:.0f} MB, last {last:.0f} MB, most {max(held):.0f} MB")
    for line in load.wrong[:20]:
        print(f"WRONG: {line}")
    return int(bool(load.wrong) or last > GROWTH * second)


if __name__ == "__main__":
    sys.exit(main())
