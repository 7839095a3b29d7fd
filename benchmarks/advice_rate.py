"""How often a second the camera page gets advice while the voter looks for the right place.

    python -m benchmarks.advice_rate [--seconds 10]

A real Chromium with a filmed face as its webcam, first at the side of the picture, then too far away, so that the page
goes on asking; a real gunicorn with the dlib engine on the same machine. Counts the answers that the page got. The page
allows itself nine a second, rests a quarter as long as an answer takes, and has one picture under way at a time; eight
are aimed at. Measure on a quiet machine. Exit 1 when the face at the side gets fewer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.bare_page import BarePage
from benchmarks.camera_endurance import SCREEN, Booth, Enrolment
from services.embedded_postgres import EmbeddedPostgres
from services.face_service import build_engine
from tests import factories
from tests.support import database, film, live_site, portraits
from tests.support.live_site import Site

LEAST = 8.0
ANSWERS = """JSON.stringify(performance.getEntriesByType("resource")
  .filter((one) => one.name.endsWith("/advice") && one.responseEnd)
  .map((one) => [one.startTime, one.responseEnd]))"""
"""Start and end of each question, ms since the page began."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10, help="below the 15 after which the challenge begins")
    seconds = parser.parse_args().seconds
    database.SERVER_FOLDER.mkdir(parents=True, exist_ok=True)
    postgres = EmbeddedPostgres(database.SERVER_FOLDER, fast=True)
    postgres.ensure()
    with tempfile.TemporaryDirectory(prefix="advice") as folder:
        template = database.migrated_template(postgres, Path(folder))
        with live_site.serve(postgres, template, Path(folder), FACE_ENGINE="dlib", RATE_LIMITS="off") as site:
            return judged(asked(site, seconds))


def asked(site: Site, seconds: float) -> dict[str, list[list[float]]]:
    """Return start and end (ms) of the questions that the page asked in so many seconds, by where the face was."""
    sitter = film.Sitter.from_photo(build_engine("dlib", "hog"), portraits.astronaut())
    frames = list(film.loop(sitter))
    far = (150, 150, 200, 200, cv2.BORDER_REPLICATE)
    places = {
        "aside": [np.roll(frame, -frame.shape[1] // 4, axis=1) for frame in frames],
        "far": [cv2.copyMakeBorder(cv2.resize(frame, (240, 180)), *far) for frame in frames],
    }
    election = factories.make_open_election()
    page = BarePage(site.browsers[True], f"{site.web.url}/poll/", site.kiosk_cookie(election), SCREEN)
    enrolment, found = Enrolment(election, sitter), {}
    # The first visit only warms up: the server loads its models at the first picture.
    for place in ("aside", *places):
        shown = places[place]
        site.webcam.show(frame for frame in shown for _ in range(site.webcam.fps // film.FPS))
        Booth(page, enrolment)
        time.sleep(seconds)
        found[place] = json.loads(page.evaluate(ANSWERS))
    return found


def judged(found: dict[str, list[list[float]]]) -> int:
    """Print the rates and how long an answer takes; returns the exit code."""
    rates = {}
    for place, answers in found.items():
        starts = [start for start, _end in answers]
        rates[place] = (len(starts) - 1) / ((starts[-1] - starts[0]) / 1000) if len(starts) > 1 else 0.0
        took = statistics.median(end - start for start, end in answers) if answers else float("nan")
        print(f"face {place}: {len(answers)} answers, {rates[place]:.1f} a second, median {took:.0f} ms each")
    print(f"aimed at {LEAST:g} a second")
    return int(rates["aside"] < LEAST)


if __name__ == "__main__":
    sys.exit(main())
