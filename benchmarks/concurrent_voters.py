"""50, 200 and 500 people vote by their mailed link at the same time: p50, p95 and p99 of every page.

    python -m benchmarks.concurrent_voters [--at-once 50,200,500] [--seconds 40] [--think 5]

Own database, web server (gunicorn, 2 processes, as `make run` starts it) and worker; loopback, CSRF and rate limits on.
Each of the people opens the link of the mail, gets the ballot, reads, casts, and another one takes the place. They read
`--think` seconds on the average (exponential); with `--think 0` nobody reads, and the figures say how long a queue of
so many is. The browsers run in this process (asyncio) and are named in the processor times. Baseline in the same run:
as many people who ask for `/ops/health/live`, which does nothing, at the same pace. Exits 1 when an answer is not the
expected one, a vote is lost or double, or the p99 of a page is above 10 s (Nielsen 1993: then attention is gone).
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sys
import time
from functools import partial

from sqlalchemy import text

from benchmarks.checkin.machine import Spent
from benchmarks.day.figures import percentile
from benchmarks.day.installation import Installation, installed
from benchmarks.load import browsers
from benchmarks.load.browsers import Measured, NotAsExpected
from benchmarks.load.hall import Browser, Hall, link_browser, link_token, open_hall, with_form_token
from models import db, use_role

MOST_P99_SECONDS = 10.0
WARM_SECONDS = 4.0
PEOPLE_A_SECOND = 120
"""So many votes a second at most are made ready for."""
SEED = 20261128


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--at-once", default="50,200,500")
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--think", type=float, default=5.0)
    wanted = parser.parse_args()
    numbers = [int(number) for number in wanted.at_once.split(",")]
    with (
        installed("concurrent-voters", application="app:create_app()") as installation,
        installation.prepare().app_context(),
    ):
        return _run(installation, numbers, wanted.seconds, wanted.think)


def _run(installation: Installation, numbers: list[int], seconds: float, think: float) -> int:
    voters = int(len(numbers) * (seconds + WARM_SECONDS) * PEOPLE_A_SECOND)
    hall = open_hall(installation.app, voters, links=True)
    installation.serve()
    room, failures, cast = Room(installation, hall, think), [], 0
    room.play(min(numbers), WARM_SECONDS)
    cast += room.cast
    for number in numbers:
        idle = room.idle(number, seconds / 4)
        spent = Spent(installation)
        measured = room.play(number, seconds)
        cast += room.cast
        print(f"\n{number} at once, reading {think:.0f} s: {room.cast / seconds:.1f} votes a second")
        print("\n".join(measured.lines()))
        print(_ratio(measured, idle))
        print(spent.said(measured.answers), flush=True)
        failures += [f"{count} x {words}" for words, count in measured.failures.items()]
        failures += _too_slow(number, measured)
    failures += _stored(hall, cast)
    print("\n".join(f"FAILED  {failure}" for failure in failures) or "\nEverything held.")
    return 1 if failures else 0


class Room:
    """The people who vote; `cast` is how many of the last round have."""

    def __init__(self, installation: Installation, hall: Hall, think: float) -> None:
        self._app, self._port, self._hall, self._think = installation.app, installation.port, hall, think
        self._session = with_form_token(installation.app)
        self._draw = random.Random(SEED)
        self.cast = 0

    def play(self, at_once: int, seconds: float) -> Measured:
        """Let so many people at a time vote for so long; who has begun finishes."""
        measured, until = Measured(), time.monotonic() + seconds
        self.cast = 0
        browsers.play([partial(self._place, measured, until) for _ in range(at_once)])
        return measured

    def idle(self, at_once: int, seconds: float) -> Measured:
        """Let so many browsers ask for nothing at the same pace."""
        measured, until = Measured(), time.monotonic() + seconds
        browsers.play([partial(self._ask_nothing, measured, until) for _ in range(at_once)])
        return measured

    async def _place(self, measured: Measured, until: float) -> None:
        await asyncio.sleep(self._pause())
        while time.monotonic() < until:
            number = self._hall.take(1)[0]
            try:
                async with browsers.line(self._port, measured) as line:
                    await self._vote(line, number)
            except NotAsExpected:
                continue

    async def _vote(self, line: browsers.Line, number: int) -> None:
        browser = link_browser(self._app, number, self._session)
        await line.send("open the link", browsers.get(f"/vote?token={link_token(number)}", Browser("")), expect=303)
        await line.send("ballot", browsers.get("/vote", browser))
        await asyncio.sleep(self._pause())
        vote = {"choice": secrets.choice(self._hall.candidates), "idempotency_key": secrets.token_urlsafe(24)}
        await line.send("cast", browsers.post_form("/vote", browser, vote))
        self.cast += 1

    async def _ask_nothing(self, measured: Measured, until: float) -> None:
        await asyncio.sleep(self._pause())
        async with browsers.line(self._port, measured) as line:
            while time.monotonic() < until:
                await line.send("nothing", browsers.get("/ops/health/live", Browser("")))
                await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        return self._draw.expovariate(1 / self._think) if self._think else 0.0


def _ratio(measured: Measured, idle: Measured) -> str:
    base = percentile(idle.seconds["nothing"], 0.5)
    shown = (f"{step} {percentile(found, 0.5) / base:.1f}" for step, found in measured.seconds.items())
    return f"p50 / p50 of a request that does nothing ({1000 * base:.1f} ms): {', '.join(shown)}"


def _too_slow(number: int, measured: Measured) -> list[str]:
    high = {step: percentile(found, 0.99) for step, found in measured.seconds.items()}
    return [f"{number} at once: p99 of {step} is {seconds:.1f} s" for step, seconds in high.items()
            if seconds > MOST_P99_SECONDS]  # fmt: skip


def _stored(hall: Hall, cast: int) -> list[str]:
    with use_role("owner"):
        votes, box = db.session.execute(
            text("SELECT (SELECT count(*) FROM votes WHERE election_id = :id), count(*) FROM ballot_box"
                 " WHERE election_id = :id"),
            {"id": hall.id},
        ).one()  # fmt: skip
    print(f"stored: {votes} votes, {box} ballots in the box, {cast} acknowledged")
    return [] if votes == box == cast else ["votes, ballots and acknowledged casts differ"]


if __name__ == "__main__":
    sys.exit(main())
