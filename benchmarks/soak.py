"""Mixed load for an hour: do memory, connections, threads and open files stay flat?

    python -m benchmarks.soak [--minutes 60] [--every 5] [--rate 8]

Own database, web server (gunicorn, 2 processes) and worker as `make run` starts them; loopback only, CSRF and rate
limits on. `--rate` visits a second come at random moments: people who vote by link, booths that cast, an admin who
pages through voters, roll, audit log and live desk, and anybody who looks at the result; beside them 20 open result
pages (Server-Sent Events), which open again when they end. The worker mails meanwhile. Prints a line each `--every`
minutes, and a verdict: the last third is compared with what there was after the first sixth, in which caches fill.
Exits 1 when a process holds more than a tenth and 10 MB more for itself, connections, threads or open files grew, an
answer failed, or a vote is lost.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import secrets
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from benchmarks.cast_rate import cast
from benchmarks.day.figures import percentile
from benchmarks.day.installation import Installation, installed
from benchmarks.growth import Page
from benchmarks.load import browsers, memory
from benchmarks.load.browsers import Measured, NotAsExpected
from benchmarks.load.hall import Browser, Hall, link_browser, link_token, open_hall, staff_browser, with_form_token
from models import ResultsPolicy, db, use_role

STREAMS = 20
MORE_SHARE, MORE_MB = 0.10, 10.0
"""Above both a process has grown: what a cache or an allocator takes once is not a leak."""
MORE_CONNECTIONS, MORE_FILES = 10, 20
"""Pools and threads fill as traffic first needs them; a leak of an hour is more."""
SEED = 20261128
VISITS = {"link": 0.4, "booth": 0.25, "desk": 0.2, "result": 0.15}
"""Shares of the visits."""


@dataclass(frozen=True)
class Reading:
    """What the machine held at a moment: megabytes by process, connections of the database, threads, open files."""

    own: dict[str, float]
    connections: int
    threads: int
    files: int


@dataclass
class Period:
    """What happened since the last line."""

    measured: Measured = field(default_factory=Measured)
    reading: Reading | None = None


def main() -> int:
    """Run the soak; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name, default in (("minutes", 60.0), ("every", 5.0), ("rate", 8.0)):
        parser.add_argument(f"--{name}", type=float, default=default)
    wanted = parser.parse_args()
    with installed("soak", application="app:create_app()") as installation, installation.prepare().app_context():
        return _run(installation, wanted.minutes, min(wanted.every, wanted.minutes / 6), wanted.rate)


def _run(installation: Installation, minutes: float, every: float, rate: float) -> int:
    voters = int(minutes * 60 * rate) + 1000
    live = {"results_policy": ResultsPolicy.LIVE, "live_batch": 50}
    hall = open_hall(installation.app, voters, booths=4, links=True, **live)
    installation.serve()
    crowd = Crowd(installation, hall)
    print(_head(), flush=True)
    asyncio.run(_soak(crowd, minutes * 60, every * 60, rate))
    failures = verdict([period.reading for period in crowd.periods if period.reading])
    failures += [f"{count} x {words}" for period in crowd.periods for words, count in period.measured.failures.items()]
    failures += _stored(hall, crowd.cast)
    print(
        "\n".join(f"FAILED  {failure}" for failure in failures) or "Flat: nothing grew, nothing failed, no vote lost."
    )
    return 1 if failures else 0


async def _soak(crowd: Crowd, seconds: float, every: float, rate: float) -> None:
    draw, began = random.Random(SEED), time.monotonic()
    streams = [asyncio.create_task(crowd.watch()) for _ in range(STREAMS)]
    line, visits = began + every, set[asyncio.Task[None]]()
    while (now := time.monotonic()) < began + seconds:
        visit = asyncio.create_task(crowd.visit(draw))
        visits.add(visit)
        visit.add_done_callback(visits.discard)
        if now >= line:
            print(await asyncio.to_thread(crowd.end_period, (now - began) / 60), flush=True)
            line += every
        await asyncio.sleep(draw.expovariate(rate))
    await asyncio.gather(*visits)
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    print(crowd.end_period(seconds / 60), flush=True)


class Crowd:
    """Everybody who comes; `cast` counts the votes that were acknowledged."""

    def __init__(self, installation: Installation, hall: Hall) -> None:
        self._installation, self._hall, self._port = installation, hall, installation.port
        self._desk, self._session = staff_browser(installation.app, hall.id), with_form_token(installation.app)
        self.cast, self.periods = 0, [Period()]

    async def visit(self, draw: random.Random) -> None:
        """Play one visit; a failed answer is in the figures."""
        does: dict[str, Callable[[random.Random], Awaitable[None]]] = {
            "link": self._link, "booth": self._booth, "desk": self._look_after, "result": self._look,
        }  # fmt: skip
        kind = draw.choices(list(VISITS), list(VISITS.values()))[0]
        try:
            await does[kind](draw)
        except NotAsExpected:
            return

    async def watch(self) -> None:
        """Keep a result page open; one that ends opens again, as a browser does."""
        while True:
            with contextlib.suppress(OSError):
                await Page().read(self._port, self._hall.id)
            await asyncio.sleep(2)

    def end_period(self, minutes: float) -> str:
        """Read the machine and return the line of the period that ends."""
        period, self.periods = self.periods[-1], [*self.periods, Period()]
        period.reading = read(self._installation)
        return _line(minutes, period)

    @property
    def _measured(self) -> Measured:
        return self.periods[-1].measured

    async def _link(self, draw: random.Random) -> None:
        number = self._hall.take(1)[0]
        browser = link_browser(self._installation.app, number, self._session)
        async with browsers.line(self._port, self._measured) as line:
            await line.send("open", browsers.get(f"/vote?token={link_token(number)}", Browser("")), expect=303)
            await line.send("ballot", browsers.get("/vote", browser))
            await asyncio.sleep(draw.uniform(1, 5))
            vote = {"choice": draw.choice(self._hall.candidates), "idempotency_key": secrets.token_urlsafe(24)}
            await line.send("cast", browsers.post_form("/vote", browser, vote))
            self.cast += 1

    async def _booth(self, _draw: random.Random) -> None:
        await cast(self._port, self._hall, self._hall.take(1), self._measured)
        self.cast += 1

    async def _look_after(self, draw: random.Random) -> None:
        path = draw.choice(
            ["/admin/", "/admin/voters", "/admin/roll", "/admin/audit", "/admin/elections", "/admin/mail"]
        )
        async with browsers.line(self._port, self._measured) as line:
            await line.send("desk", browsers.get(path, self._desk))

    async def _look(self, _draw: random.Random) -> None:
        async with browsers.line(self._port, self._measured) as line:
            await line.send("result", browsers.get(f"/results/?election={self._hall.id}", Browser("")))


def read(installation: Installation) -> Reading:
    """Return what the processes hold now."""
    processes = [one for one in memory.held(installation) if not one.name.startswith("database")]
    own = {f"{one.name} {one.pid}": one.own for one in processes}
    with db.engines["owner"].connect() as connection:
        count = "SELECT count(*) FROM pg_stat_activity WHERE application_name <> 'smart-voting owner'"
        connections = int(connection.execute(text(f"{count} AND backend_type = 'client backend'")).scalar_one())
    folders = [Path(f"/proc/{one.pid}") for one in processes]
    return Reading(
        own, connections, sum(len(list((folder / "task").iterdir())) for folder in folders),
        sum(len(list((folder / "fd").iterdir())) for folder in folders),
    )  # fmt: skip


def verdict(readings: list[Reading]) -> list[str]:
    """Return a sentence for whatever grew from the end of the first sixth to the last third (medians)."""
    begin, last = readings[len(readings) // 6], readings[-max(1, len(readings) // 3) :]
    found = []
    for name, before in begin.own.items():
        after = statistics.median(one.own[name] for one in last if name in one.own) if name in last[-1].own else None
        if after is None:
            found.append(f"{name} is not there any more")
        elif after - before > max(MORE_MB, MORE_SHARE * before):
            found.append(f"{name} grew from {before:.0f} to {after:.0f} MB")
    for name, most in (("connections", MORE_CONNECTIONS), ("threads", MORE_FILES), ("files", MORE_FILES)):
        before, after = getattr(begin, name), statistics.median(getattr(one, name) for one in last)
        if after - before > max(most, MORE_SHARE * before):
            found.append(f"{name} grew from {before} to {after:.0f}")
    return found


def _head() -> str:
    answers = f"{'minute':>7}{'answers':>9}{'failed':>8}{'p50':>8}{'p95':>8} ms"
    return f"{answers}{'connections':>13}{'threads':>9}{'files':>7}   MB of its own"


def _line(minutes: float, period: Period) -> str:
    measured, reading = period.measured, period.reading
    seconds = [second for found in measured.seconds.values() for second in found] or [0.0]
    p50, p95 = (1000 * percentile(seconds, share) for share in (0.5, 0.95))
    assert reading is not None
    held = ", ".join(f"{name.rsplit(' ', 1)[0]} {own:.0f}" for name, own in reading.own.items())
    return (
        f"{minutes:7.1f}{measured.answers:9}{sum(measured.failures.values()):8}{p50:8.0f}{p95:8.0f}   "
        f"{reading.connections:13}{reading.threads:9}{reading.files:7}   {held}"
    )


def _stored(hall: Hall, cast: int) -> list[str]:
    with use_role("owner"):
        query = "SELECT count(*) FROM votes WHERE election_id = :id"
        votes = db.session.execute(text(query), {"id": hall.id}).scalar_one()
    print(f"{votes} votes stored, {cast} acknowledged")
    return [] if votes == cast else [f"{votes} votes stored, {cast} acknowledged"]


if __name__ == "__main__":
    sys.exit(main())
