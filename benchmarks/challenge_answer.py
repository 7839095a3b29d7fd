"""How long the verdict of a whole live challenge takes: from the last frames sent to the answer, real engine and all.

    .venv/bin/python -m benchmarks.challenge_answer [--challenges 6]

Each challenge is played through the booth's own routes at the pace of a camera: the film follows the steps that were
drawn, and the posts are as large as the page's. Every second one runs on dlib's own encoder, a baseline measured
beside it. Exit 1 when a challenge is refused, or the median verdict takes over 300 ms.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from benchmarks.day import films, hall
from benchmarks.day.installation import Installation
from benchmarks.day.people import PLAIN, Person
from models import Election, StaffUser, db, transaction
from services import kiosks
from services.actor import SYSTEM
from services.context import platform
from services.face_service import DlibEngine
from services.face_service.encoders import DlibEncoder
from services.face_service.engine import model_path
from services.voters.numbers import check_digit_added
from tests.services.identification.acting import as_data_url
from tests.support import film
from tests.support.portraits import astronaut

MOST_MS = 300.0
CHUNK, STRAIGHT_CHUNK = 4, 5
"""Frames a post, as static/js/lib/liveness-stream.js sends them."""
STEM = 3_000_000
NUMPY, DLIB = "NumPy encoder", "dlib's encoder"


class Spent(NamedTuple):
    """Milliseconds of one answer: on the clock, and of the processor (without the database's own)."""

    clock: float
    processor: float


def main() -> int:
    """Play the challenges and print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--challenges", type=int, default=6, help="of each encoder")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sv-answer-") as folder:
        installation = Installation(Path(folder), "dlib")
        try:
            app = installation.prepare()
            app.config["WTF_CSRF_ENABLED"] = False
            with app.app_context():
                return run(app, asked.challenges)
        finally:
            installation.stop()


def run(app: Flask, count: int) -> int:
    """Play `count` challenges with each encoder, in turns; returns the exit code."""
    engine = platform().faces.engine
    assert isinstance(engine, DlibEngine)
    sitter = film.Sitter.from_photo(engine, astronaut())
    numbers = [check_digit_added(str(STEM + place)) for place in range(2 * count)]
    booth = open_booth(app, numbers, sitter)
    models = models_of(engine)
    verdicts: dict[str, list[Spent]] = {NUMPY: [], DLIB: []}
    others: list[Spent] = []
    for place, number in enumerate(numbers):
        name = (NUMPY, DLIB)[place % 2]
        engine._models = models[name]
        result, answers = play(booth, number, sitter, place)
        if result != "success":
            print(f"challenge {place + 1} with {name}: {result}")
            return 1
        verdicts[name].append(answers[-1])
        others += answers[:-1] if name == NUMPY else []
    return report(verdicts, others)


def models_of(engine: DlibEngine) -> dict[str, Any]:
    """Return what the engine has loaded, with each of both encoders, by name."""
    ours = engine._load()
    plain = DlibEncoder(ours.dlib, Path(model_path("encoder")))
    return {NUMPY: ours, DLIB: replace(ours, encoder=plain)}


def open_booth(app: Flask, numbers: Sequence[str], sitter: film.Sitter) -> FlaskClient:
    """Open an election in which everybody has the sitter's face; return the browser of its booth."""
    views = (film.bend(sitter, pose) for pose in films.SLIGHT)
    templates = [platform().faces.template(view) for view in views]
    one = films.Film([], {}, templates, "photo")
    hall.open_election(app, [Person(number, f"Voter {number}", PLAIN, one, one, True) for number in numbers])
    with transaction():
        election, officer = (db.session.scalars(select(kind)).first() for kind in (Election, StaffUser))
        _kiosk, token = kiosks.open_kiosk(election, officer, SYSTEM)
    client = app.test_client()
    with client.session_transaction() as session:
        session["kiosk"] = token
    return client


def play(booth: FlaskClient, number: str, sitter: film.Sitter, seed: int) -> tuple[str, list[Spent]]:
    """Play one challenge; return the verdict and what each answer took."""
    challenge = booth.post("/poll/auth/start", json={"voter_id": number}).json["challenge"]
    answers: list[Spent] = []
    answer: dict[str, Any] = {"step": 0, "demand": "straight"}
    for position, part in enumerate(film.genuine(sitter, challenge["steps"], seed)):
        for frames in posts(part, CHUNK if position else STRAIGHT_CHUNK):
            time.sleep(len(frames) / film.FPS)
            began, worked = time.perf_counter(), time.process_time()
            known = {"challenge_id": challenge["id"], "step": max(0, position - 1), "seq": len(answers)}
            answer = booth.post("/poll/auth/verify", json=known | {"frames": frames}).json
            spent = time.perf_counter() - began, time.process_time() - worked
            answers.append(Spent(*(1000 * seconds for seconds in spent)))
            if answer.get("result") != "pending":
                return str(answer.get("result", answer)), answers
            if answer["demand"] == (challenge["steps"][position] if position < 3 else None):
                break
    return f"pending at {answer['demand']}", answers


def posts(part: Sequence[Any], size: int) -> Iterator[list[str]]:
    """Yield the frames as data URLs, `size` at a time."""
    for chunk in film.chunks(film.as_jpegs(part), size):
        yield [as_data_url(frame) for frame in chunk]


def report(verdicts: dict[str, list[Spent]], others: list[Spent]) -> int:
    """Print median and worst of each kind, and the ratio; returns the exit code."""
    for name, times in (
        {f"verdict, {name}": times for name, times in verdicts.items()} | {"before it": others}
    ).items():
        clock, processor = ([one[at] for one in times] for at in (0, 1))
        print(
            f"{name:24} median {statistics.median(clock):5.0f} ms, worst {max(clock):5.0f} ms,"
            f" processor {statistics.median(processor):5.0f} ms, {len(times)} answers"
        )
    ours, plain = (statistics.median(one.clock for one in verdicts[name]) for name in (NUMPY, DLIB))
    print(f"with dlib's encoder {plain / ours:.2f} times as long; wanted: at most {MOST_MS:.0f} ms")
    return 0 if ours <= MOST_MS else 1


if __name__ == "__main__":
    sys.exit(main())
