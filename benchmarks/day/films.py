"""Faces in front of the cameras: painted people for the fast voters, composed films of photographs for the real ones.

A film is a bank of JPEG frames: straight ones, and two takes of every movement. `Camera` plays it at the pace of the
booth's page (static/js/lib/liveness-stream.js), so that frames the server is too slow for are lost as they would be.
"""

from __future__ import annotations

import hashlib
import itertools
import multiprocessing
import pickle
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from config import PROJECT
from services.face_service import FaceError, NewTemplate, encode_jpeg, matching
from services.face_service.engine import DlibEngine
from services.face_service.fake_engine import FakeEngine, draw_face
from services.face_service.images import Pixels, decode_image
from services.face_service.service import FaceService
from tests.services.identification import acting
from tests.support import film, portraits
from tests.support.film_files import as_jpegs

FACES = Path(__file__).resolve().parents[3] / "shared" / "faces" / "people"
KEPT = PROJECT / "var" / "testing" / "films"
MOVEMENTS = ("left", "right", "blink", "nod")
TAKES = 2
STRAIGHT = 24
ENROLLED = 3
PAINTED = 4
PAINTED_SIZE = (320, 240)
"""Pixels: a quarter of a camera's picture, because one machine plays all the cameras as well."""
REACTION_SECONDS, REST_SECONDS = 0.5, 0.8
SLIGHT = (film.Pose(), film.Pose(yaw=5.0), film.Pose(pitch=4.0))
"""How a head is held for three enrolment pictures made from one photograph."""


_seeds = itertools.count(1)


@dataclass(frozen=True)
class Film:
    """One person: frames by movement and take, what is enrolled of them, and where the enrolment comes from."""

    straight: list[bytes]
    moves: dict[str, list[list[bytes]]]
    templates: list[NewTemplate]
    source: str


@dataclass(frozen=True)
class Pace:
    """How a camera is read: seconds between frames, frames of film a second, fewest frames a post.

    A live one loses frames while the server is busy, as the booth's page does; the other waits.
    """

    tick: float
    film_fps: float
    least: int
    reaction: float
    live: bool


AS_THE_PAGE = Pace(0.11, film.FPS, 4, REACTION_SECONDS, True)
FAST = Pace(1 / 30, 30.0, 8, 0.0, False)
"""As quick as the checks against replayed films allow."""
MOST = 8


@dataclass
class Camera:
    """What one voter's camera sees from now on; frames come as the ticks pass, the last eight wait."""

    film: Film
    pace: Pace
    waiting: list[tuple[int, bytes]] = field(default_factory=list)
    _demand: str = "straight"
    _since: int = 0
    _tick: int = 0

    def __post_init__(self) -> None:
        self._begun = time.monotonic()
        self._rest = _never_twice(self.film.straight)

    def demand(self, movement: str) -> None:
        """The page asks for a movement, or to look straight."""
        if movement != self._demand:
            self._demand, self._since = movement, self._tick

    def chunk(self, steps_done: int) -> tuple[int, list[bytes]]:
        """Wait until enough frames are there; return those of one step number, as the page posts them."""
        self._catch_up(steps_done)
        while len(self.waiting) < self.pace.least:
            time.sleep(max(0.001, self._begun + (self._tick + 1) * self.pace.tick - time.monotonic()))
            self._catch_up(steps_done)
        step = self.waiting[0][0]
        taken = list(itertools.takewhile(lambda item: item[0] == step, self.waiting))
        del self.waiting[: len(taken)]
        return step, [frame for _step, frame in taken]

    def _catch_up(self, steps_done: int) -> None:
        now = int((time.monotonic() - self._begun) / self.pace.tick)
        room = MOST - len(self.waiting)
        if not self.pace.live and now - self._tick > room:
            self._begun += (now - self._tick - room) * self.pace.tick
            now = self._tick + room
        while self._tick < now:
            self._tick += 1
            self.waiting.append((steps_done, self._frame()))
        del self.waiting[:-MOST]

    def _frame(self) -> bytes:
        if self._demand not in self.film.moves:
            return next(self._rest)
        moved = (self._tick - self._since) * self.pace.tick - self.pace.reaction
        for take in self.film.moves[self._demand]:
            place = round(moved * self.pace.film_fps) - 1
            if 0 <= place < len(take):
                return take[place]
            moved -= len(take) / self.pace.film_fps + REST_SECONDS
        return next(self._rest)


def _never_twice(frames: list[bytes]) -> Iterator[bytes]:
    """Yield the frames, then the same with other noise: a sensor gives no picture twice."""
    yield from frames
    draw = np.random.default_rng()
    for frame in itertools.cycle(frames):
        pixels = decode_image(frame).astype(np.int16)
        noisy = np.clip(pixels + draw.integers(-3, 4, pixels.shape, dtype=np.int16), 0, 255).astype(np.uint8)
        yield encode_jpeg(noisy, 80)


def painted_films(count: int = PAINTED) -> list[Film]:
    """Return `count` people whom the development engine knows, each frame painted once."""
    service, films = FaceService(FakeEngine(), None), []  # type: ignore[arg-type]
    for person in range(1, count + 1):
        moves = {
            "blink": [as_jpegs(_paint(person, closed=share) for share in acting.LIDS)],
            "nod": [as_jpegs(_paint(person, pitch=acting.NOD * share) for share in acting.SHARES)],
            "left": [as_jpegs(_paint(person, yaw=acting.TURN * share) for share in acting.SHARES)],
            "right": [as_jpegs(_paint(person, yaw=-acting.TURN * share) for share in acting.SHARES)],
        }
        templates = [service.template(_paint(person)) for _ in range(ENROLLED)]
        films.append(Film(as_jpegs(_paint(person) for _ in range(STRAIGHT)), moves, templates, "painted"))
    return films


def _paint(person: int, **pose: float) -> Pixels:
    return draw_face(person, seed=next(_seeds), size=PAINTED_SIZE, **pose)  # type: ignore[arg-type]


def real_films(count: int) -> list[Film]:
    """Return `count` films of real photographs; composed in two processes, 2 s each, and kept for the next run."""
    photos = [str(path) for path in sorted(FACES.glob("*/*")) if path.is_file()]
    wanted = [*itertools.islice(itertools.cycle(photos or ["astronaut", "admiral"]), count)]
    if not wanted:
        return []
    kept = KEPT / f"{_mark(wanted)}.pickle"
    if not kept.exists():
        with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
            good = [found for found in pool.map(_compose, enumerate(wanted)) if found is not None]
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(good))
    good = pickle.loads(kept.read_bytes())  # noqa: S301  our own file
    return [*itertools.islice(itertools.cycle(good), count)]


def _mark(wanted: list[str]) -> str:
    """Return a name for these films, which changes with what composes them."""
    sources = [Path(__file__), Path(str(film.__file__))]
    return hashlib.sha256(b"".join([*(path.read_bytes() for path in sources), repr(wanted).encode()])).hexdigest()[:16]


def _compose(task: tuple[int, str]) -> Film | None:
    number, name = task
    service = FaceService(DlibEngine(), None)  # type: ignore[arg-type]
    try:
        sitter = film.Sitter.from_photo(service.engine, _photo(name))
    except IndexError:
        return None  # no face is found in this photograph
    templates, source = _enrolment(service, name, sitter)
    moves = {
        step: [_shot(sitter, film.motion(step), 1000 * number + 10 * take + place) for take in range(TAKES)]
        for place, step in enumerate(MOVEMENTS)
    }
    return Film(_shot(sitter, film.straight(STRAIGHT), 1000 * number + 99), moves, templates, source)


def _enrolment(service: FaceService, name: str, sitter: film.Sitter) -> tuple[list[NewTemplate], str]:
    """Enrol three other photographs of the person where they pass the desk's rules, else three views of this one."""
    others = sorted(Path(name).parent.glob("*.*")) if Path(name).is_absolute() else []
    templates = (_template(service, path) for path in others if str(path) != name)
    good = [*itertools.islice((found for found in templates if found is not None), ENROLLED)]
    try:
        matching.check_enrolment([item.encoding for item in good])
        return good, "other photographs"
    except FaceError:
        views = (film.shaken([[film.bend(sitter, pose)]], 7)[0][0] for pose in SLIGHT)
        return [_view(service, np.ascontiguousarray(view)) for view in views], "views of the same photograph"


def _template(service: FaceService, path: Path) -> NewTemplate | None:
    try:
        return service.template(decode_image(path.read_bytes()))
    except FaceError:
        return None


def _view(service: FaceService, view: Pixels) -> NewTemplate:
    face = service.engine.detect(view)[0]
    return NewTemplate(service.engine.encode(view, face), face.quality.as_dict(), encode_jpeg(view))


def _shot(sitter: film.Sitter, poses: Sequence[film.Pose], seed: int) -> list[bytes]:
    return as_jpegs(film.shaken([[film.bend(sitter, pose) for pose in poses]], seed)[0])


def _photo(name: str) -> Pixels:
    if name in ("astronaut", "admiral"):
        return portraits.astronaut() if name == "astronaut" else portraits.admiral()
    return decode_image(Path(name).read_bytes())
