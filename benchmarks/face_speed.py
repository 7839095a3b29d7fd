"""What faces cost, against the plain way of face_recognition, in one process, one thread and one run.

    .venv/bin/python -m benchmarks.face_speed [--photo FILE] [--rounds 15]

The kinds of work take turns; times are CPU seconds of the thread, the least disturbed of all rounds. Run it on a quiet
machine: a neighbour takes memory bandwidth away, which our way needs more of a second than the plain way. A frame is
640 x 480, JPEG, with a face as wide as a kiosk sees it (about 200 px). The plain way is face_locations + face_encodings
with their defaults, the boxes passed on. Exit 1 when a required ratio is missed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from services.face_service import matching
from services.face_service.engine import DlibEngine
from services.face_service.frames import observe_chunk
from services.face_service.images import decode_image
from services.face_service.service import LIVENESS_SIDE, FaceService
from services.face_service.templates_store import Template
from tests.support import film, portraits

FACES = Path(__file__).resolve().parents[2] / "shared" / "faces" / "people"
CHUNK = 5
"""Frames that the page sends at a time."""
MATCH_TRACKED, MATCH, LIVENESS, THREADS = 10.0, 7.0, 12.0, 1.7
MEMORY = """
import sys
from pathlib import Path
from services.face_service import engine as module
if sys.argv[1] == "dlib":
    from services.face_service.encoders import DlibEncoder
    module.load_encoder = DlibEncoder
from services.face_service.images import decode_image
engine, picture = module.DlibEngine(), decode_image(Path(sys.argv[2]).read_bytes())
for _ in range(5):
    engine.encode(picture, engine.detect(picture)[0])
lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
print(*(int(line.split()[1]) / 1024 for line in lines if line.startswith(("Rss:", "Pss:"))))
"""


class Enrolled:
    """Five templates in memory: the database is not what is measured."""

    def __init__(self) -> None:
        self.rows: list[Template] = []

    def load(self, voter_id: int) -> list[Template]:
        return self.rows

    def replace(self, voter_id: int, items: object) -> list[Template]:
        return self.rows

    def erase(self, voter_id: int) -> int:
        return 0


def frame_files(engine: DlibEngine, photo: Path | None) -> list[bytes]:
    """Return a chunk of JPEG frames of the photograph's person, moving a little."""
    first = photo or next(iter(sorted(FACES.glob("*/*"))), None)
    picture = decode_image(first.read_bytes()) if first else portraits.astronaut()
    print(f"photograph: {first or 'astronaut of scikit-image'}")
    sitter = film.Sitter.from_photo(engine, picture)
    return film.as_jpegs([film.bend(sitter, film.Pose(yaw=yaw)) for yaw in np.linspace(-2, 2, CHUNK)])


def works(service: FaceService, files: list[bytes]) -> dict[str, Callable[[], object]]:
    """Return what is timed, by name; a chunk counts as its five frames."""
    from benchmarks import naive_faces

    engine = service.engine
    vectors = [item.encoding for item in service.templates.load(1)]
    before = engine.detect(decode_image(files[0]))[0]
    last = before.box

    def match(following: bool) -> bool:
        image = decode_image(files[1], LIVENESS_SIDE)
        face = engine.follow(image, before) if following else engine.detect(image, quick=True, purpose="login")[0]
        return face is not None and matching.verify(vectors, [engine.encode(image, face)], 0.6).ok

    def straight() -> bool:
        images = [decode_image(data, LIVENESS_SIDE) for data in files]
        seen = observe_chunk(engine, images, quick=False, last=last)
        probes = [engine.encode(image, face) for image, (_, face) in zip(images, seen, strict=True) if face]
        return matching.verify(vectors, probes, 0.6).ok

    def moving(eyes: bool) -> object:
        images = [decode_image(data, LIVENESS_SIDE) for data in files]
        return observe_chunk(engine, images, quick=True, last=last, eyes=eyes)

    return {
        "plain": lambda: naive_faces.verify(files[1], vectors),
        "plain, boxes not passed": lambda: naive_faces.verify(files[1], vectors, boxes_passed=False),
        "decode to match": lambda: match(following=False),
        "the same, tracked": lambda: match(following=True),
        "the same, people behind sought": lambda: service.verify_frame(1, files[1]),
        "five liveness frames, turning": lambda: moving(eyes=False),
        "five liveness frames, blinking": lambda: moving(eyes=True),
        "five straight frames, encoded": straight,
    }


def timed(todo: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the least milliseconds of CPU time of each kind of work, which take turns."""
    spent: dict[str, list[float]] = {name: [] for name in todo}
    for _round in range(rounds + 1):
        for name, work in todo.items():
            began = time.thread_time()
            work()
            spent[name].append((time.thread_time() - began) * 1000)
    return {name: min(values[1:]) for name, values in spent.items()}


def throughput(work: Callable[[], object], threads: int, count: int = 24) -> float:
    """Return how often a second `threads` threads together do the work, `count` times in all."""
    each = [threading.Thread(target=lambda: [work() for _ in range(count // threads)]) for _ in range(threads)]
    began = time.perf_counter()
    for thread in each:
        thread.start()
    for thread in each:
        thread.join()
    return count / (time.perf_counter() - began)


def scaling(work: Callable[[], object], rounds: int) -> float:
    """Return the throughput of two threads over that of one, each the least disturbed of rounds in turns."""
    pairs = [(throughput(work, 2), throughput(work, 1)) for _ in range(rounds)]
    return max(two for two, _one in pairs) / max(one for _two, one in pairs)


def memory(encoder: str, picture: Path) -> list[float]:
    """Return the megabytes (RSS, PSS) of a process of its own after some faces, with this encoder."""
    found = subprocess.run(
        [sys.executable, "-c", MEMORY, encoder, str(picture)], check=True, capture_output=True, text=True
    )
    return [float(value) for value in found.stdout.split()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, help="one person, looking straight")
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    engine, enrolled = DlibEngine(), Enrolled()
    service = FaceService(engine, enrolled)
    files = frame_files(engine, asked.photo)
    for number, data in enumerate(files):
        image = decode_image(data)
        enrolled.rows.append(Template(number, number, engine.encode(image, engine.detect(image)[0])))
    todo = works(service, files)
    ms = timed(todo, asked.rounds)
    good = ratios(ms)
    good &= judged("two threads", scaling(todo["decode to match"], 7), THREADS)
    return int(not (good & memories(files[0])))


def ratios(ms: dict[str, float]) -> bool:
    plain = ms["plain"]
    for name, value in ms.items():
        one = value / CHUNK if name.startswith("five") else value
        print(f"{name:32} {one:7.1f} ms a frame {plain / one:6.1f} times as fast as the plain way")
    good = judged("decode to match", plain / ms["decode to match"], MATCH)
    good &= judged("decode to match, tracked", plain / ms["the same, tracked"], MATCH_TRACKED)
    for kind in ("turning", "blinking"):
        good &= judged(f"liveness frame, {kind}", plain * CHUNK / ms[f"five liveness frames, {kind}"], LIVENESS)
    return good


def judged(name: str, ratio: float, least: float) -> bool:
    print(f"{name:32} {ratio:7.2f}, required {least:g}: {'met' if ratio >= least else 'MISSED'}")
    return ratio >= least


def memories(data: bytes) -> bool:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(data)
        file.flush()
        rows = {name: memory(name, Path(file.name)) for name in ("dlib", "numpy")}
    for name, (rss, pss) in rows.items():
        print(f"a process with the {name} encoder: {rss:.0f} MB RSS, {pss:.0f} MB PSS")
    # What is shared with others (PSS) depends on who else runs.
    return rows["numpy"][0] <= rows["dlib"][0]


if __name__ == "__main__":
    sys.exit(main())
