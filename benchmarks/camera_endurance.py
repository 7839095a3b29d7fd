"""The camera page for a long time: does the browser, the page or the server keep what it no longer needs?

    python -m benchmarks.camera_endurance [--minutes 30] [--every 15]

A real Chromium with a filmed face as its webcam, a real gunicorn with the dlib engine. No developer tools watch the
page (`bare_page`), as in a booth. The face check runs all the time: when a challenge ends, "Try again" starts the next
one for the next voter, on the same page while it offers that. Every 15 seconds: the JavaScript heap after a garbage
collection, DOM nodes, the memory of all browser processes and of all server processes (own and shared memory, pages
that they share counted once; pages of files are left out, because their share rises when another browser on the same
machine ends, and the system takes them back when it needs to).

Verdict, on the last two thirds of the samples (the first third is warming up): of every four samples the lowest counts,
since what is only not freed yet is not kept; a straight line is fitted; a figure grows when the line rises by more than
its bound even after two standard errors are taken off. Exit code 1 then. Under 10 minutes the figures are shown, but
scatter hides any slope, so nothing is judged.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.bare_page import BarePage
from models import Consent, Election, Voter, db
from services.context import platform
from services.embedded_postgres import EmbeddedPostgres
from services.face_service import build_engine, encode_jpeg
from services.face_service.templates_store import NewTemplate
from tests import factories
from tests.support import database, film, live_site, portraits
from tests.support.live_site import Site

BOUNDS = {"heap": 6.0, "nodes": 600.0, "browser": 60.0, "server": 30.0}
"""Allowed rise an hour, MB (nodes: number). A polling day of 14 hours may then cost the booth 840 MB of its 4 GB, of
which the page 84 MB, and the server 420 MB; what is really kept for every challenge (8 s each) rises far faster."""
LEAST_MINUTES = 10
WARM_UP = 1 / 3
TOGETHER = 4
KEPT = ("Pss_Anon:", "Pss_Shmem:")
MB = 1024 * 1024
OVER = ("unknown", "mismatch", "officer")
STATE = "document.querySelector('[data-module~=liveness]')?.dataset.state ?? null"
AGAIN = """(() => {
  const again = [...document.querySelectorAll("[data-again]")].find((one) => one.checkVisibility());
  again?.click();
  return Boolean(again);
})()"""
SCREEN = (1920, 1080)
"""Pixels, as a booth of look.md."""
LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Sample:
    """One look: seconds since the start, challenges ended, MB (nodes: number)."""

    at: float
    rounds: int
    heap: float
    nodes: float
    browser: float
    server: float


def main() -> int:
    """Run, print and judge; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--every", type=float, default=15, help="seconds between two samples")
    options = parser.parse_args()
    database.SERVER_FOLDER.mkdir(parents=True, exist_ok=True)
    postgres = EmbeddedPostgres(database.SERVER_FOLDER, fast=True)
    postgres.ensure()
    with tempfile.TemporaryDirectory(prefix="endurance") as folder:
        template = database.migrated_template(postgres, Path(folder))
        with live_site.serve(postgres, template, Path(folder), FACE_ENGINE="dlib", RATE_LIMITS="off") as site:
            samples = list(watch(site, options.minutes * 60, options.every))
    return judge(samples, options.minutes)


def watch(site: Site, seconds: float, every: float) -> Iterator[Sample]:
    """Keep the face check going and yield a sample at every interval."""
    sitter = film.Sitter.from_photo(build_engine("dlib", "hog"), portraits.astronaut())
    site.webcam.show(frame for frame in film.loop(sitter) for _ in range(site.webcam.fps // film.FPS))
    enrol = Enrolment(factories.make_open_election(), sitter)
    page = BarePage(site.browsers[True], f"{site.web.url}/poll/", site.kiosk_cookie(enrol.election), SCREEN)
    booth = Booth(page, enrol)
    start = time.monotonic()
    print(f"{'minute':>7} {'rounds':>7} {'heap MB':>8} {'nodes':>7} {'browser MB':>11} {'server MB':>10}", flush=True)
    while time.monotonic() - start < seconds:
        due = time.monotonic() + every
        while time.monotonic() < due:
            booth.go_on()
            time.sleep(LOOK_SECONDS)
        sample = look(site, page, time.monotonic() - start, booth.rounds)
        print(f"{sample.at / 60:7.2f} {sample.rounds:7d} {sample.heap:8.2f} {sample.nodes:7.0f} {sample.browser:11.1f}"
              f" {sample.server:10.1f}", flush=True)  # fmt: skip
        yield sample


class Enrolment:
    """Voters who all have the face of the film; each gets one challenge, so that nobody meets the officer."""

    def __init__(self, election: Election, sitter: film.Sitter) -> None:
        self.election = election
        faces, picture = platform().faces, film.bend(sitter, film.Pose())
        face = faces.find_one(picture, "enrol")
        encoding = faces.engine.encode(picture, face)
        self._items = [NewTemplate(encoding, face.quality.as_dict(), encode_jpeg(picture)) for _ in range(3)]

    def next(self) -> str:
        """Return the voter ID of a new voter who may be checked."""
        voter: Voter = factories.VoterFactory()
        factories.RollEntryFactory(election=self.election, voter=voter)
        platform().faces.templates.replace(voter.id, self._items)
        db.session.add(Consent(voter_id=voter.id, text_version="endurance"))
        db.session.commit()
        number: str = voter.voter_id
        return number


class Booth:
    """The hands of the voters: each touches what the page offers next."""

    def __init__(self, page: BarePage, enrolment: Enrolment) -> None:
        self.page, self.enrolment, self.rounds = page, enrolment, 0
        self._enter()

    def _enter(self) -> None:
        self.page.evaluate("void location.assign('/poll/')")
        self.page.wait_for("document.querySelector('[data-module~=keypad][data-bound~=keypad]')")
        number = self.enrolment.next()
        self.page.evaluate(f"""(() => {{
          const field = document.querySelector("#voter_id");
          field.value = "{number}";
          field.dispatchEvent(new Event("input", {{bubbles: true}}));
          field.form.requestSubmit();
        }})()""")
        self.page.wait_for("document.querySelector('[data-module~=liveness][data-bound~=liveness]')")
        self.page.evaluate("document.querySelector('[data-yes]').click()")

    def go_on(self) -> None:
        """Start the next challenge when the present one is over; one that succeeded left the page."""
        state = self.page.evaluate(STATE)
        if state is None:
            self.rounds += 1
            self._enter()
        elif state in OVER:
            self.rounds += 1
            self.page.evaluate(f"document.querySelector('[data-frames]').dataset.voter = '{self.enrolment.next()}'")
            if not self.page.evaluate(AGAIN):
                self._enter()


def look(site: Site, page: BarePage, at: float, rounds: int) -> Sample:
    """Collect the garbage, then measure everything."""
    for _ in range(2):
        page.call("HeapProfiler.collectGarbage")
    heap = page.call("Runtime.getHeapUsage")["usedSize"] / MB
    nodes = page.call("Memory.getDOMCounters")["nodes"]
    chromium = [pid for pid, name in _processes() if name.startswith("chrom")]
    server = site.web.pid
    return Sample(at, rounds, heap, nodes, _memory(chromium), _memory([server, *_below(server)]))


def _processes() -> Iterator[tuple[int, str]]:
    """Yield the processes that this one started, and theirs."""
    for pid in _below(_own_pid()):
        try:
            yield pid, Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            continue


def _own_pid() -> int:
    return int(Path("/proc/self").resolve().name)


def _below(pid: int) -> list[int]:
    """Return the ids of the processes below `pid`, all generations."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def _memory(pids: Iterable[int]) -> float:
    """Return the proportional set size of the processes together without pages of files, MB."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith(KEPT))
    return total / 1024


def slope(samples: list[Sample], name: str) -> tuple[float, float]:
    """Return the rise an hour of a straight line through the samples, and its standard error."""
    groups = [samples[first : first + TOGETHER] for first in range(0, len(samples), TOGETHER)]
    lowest = [min(group, key=lambda sample: float(getattr(sample, name))) for group in groups]
    hours = np.array([sample.at / 3600 for sample in lowest])
    values = np.array([getattr(sample, name) for sample in lowest])
    spread = hours - hours.mean()
    rise = float((spread * (values - values.mean())).sum() / (spread**2).sum())
    rest = values - values.mean() - rise * spread
    error = float(np.sqrt((rest**2).sum() / max(1, len(values) - 2) / (spread**2).sum()))
    return rise, error


def judge(samples: list[Sample], minutes: float) -> int:
    """Print the verdict of the last two thirds; returns the exit code."""
    kept = samples[round(len(samples) * WARM_UP) :]
    grows = False
    for name, bound in BOUNDS.items():
        rise, error = slope(kept, name)
        too_much = rise - 2 * error > bound
        grows |= too_much
        print(f"{name:8} {rise:+8.1f} ± {2 * error:.1f} an hour (bound {bound:g}): {'GROWS' if too_much else 'flat'}")
    if minutes < LEAST_MINUTES:
        print(f"Under {LEAST_MINUTES} minutes nothing is judged.")
        return 0
    print("Memory grows." if grows else "Memory is flat.")
    return int(grows)


if __name__ == "__main__":
    sys.exit(main())
