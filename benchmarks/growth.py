"""Does a page cost the same at 10,000 and at 1,000,000 voters? And the live result with 1,000,000 ballots, as a stream?

    python -m benchmarks.growth [--sizes 10000,100000,1000000] [--times 12] [--streams 100] [--casts 8]

One database (the embedded PostgreSQL) that grows from size to size: so many voters on one roll who have voted, with
sealed ballots, receipts, attempts, links and audit rows, and 2,000 who have not. At each size every kind of request of
`benchmarks.hot_spots` is asked `--times` times, in one process: the median by the clock, and the first time, which
finds nothing kept (`services.remembered`). The ratio is the largest size over the smallest. Then a web server of 2
processes with `--streams` open result pages (Server-Sent Events) while `--casts` ballots are cast one after the other:
from the answer to the voter until the last page has the new turnout, at the smallest size and at the largest. Prints
the memory of each process. Exits 1 when a stream misses a change.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from dataclasses import dataclass, field

from benchmarks.cast_rate import cast
from benchmarks.day.figures import percentile
from benchmarks.day.installation import Installation, installed
from benchmarks.hot_spots import Kind, kinds, measure
from benchmarks.load import browsers, crowd, memory
from benchmarks.load.hall import Browser, Hall, open_hall
from models import ResultsPolicy, db

SPARE = 2000
LIVE_BATCH = 50
PUSH_SECONDS = 60.0
"""So long a page may wait: a count that takes long is followed by a pause four times as long."""


@dataclass
class Grown:
    """Milliseconds by kind: the median of each size, and the first request of each size."""

    median: dict[str, list[float]] = field(default_factory=dict)
    first: dict[str, list[float]] = field(default_factory=dict)


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", default="10000,100000,1000000")
    for name, default in (("times", 12), ("streams", 100), ("casts", 8)):
        parser.add_argument(f"--{name}", type=int, default=default)
    wanted = parser.parse_args()
    sizes = [int(size) for size in wanted.sizes.split(",")]
    with installed("growth", application="app:create_app()") as installation:
        installation.prepare()
        return _run(installation, sizes, wanted)


def _run(installation: Installation, sizes: list[int], wanted: argparse.Namespace) -> int:
    app, grown, there, failures = installation.app, Grown(), 0, []
    with app.app_context():
        live = {"results_policy": ResultsPolicy.LIVE, "live_batch": LIVE_BATCH}
        hall = open_hall(app, SPARE, booths=2, links=True, **live)
        made = kinds(app, hall)
    for size in sizes:
        with app.app_context():
            took = crowd.join(hall, there, size - there)
            db.session.remove()
        there = size
        print(f"{size:,} voters: made in {took:.0f} s", flush=True)
        for kind in made:
            _ask(installation, hall, kind, grown, wanted.times)
        if size in (sizes[0], sizes[-1]):
            with app.app_context():
                failures += _push(installation, hall, wanted.streams, wanted.casts)
    print("\n".join(_table(sizes, grown)))
    print("\n".join(f"FAILED  {failure}" for failure in failures) or "Every change reached every page.")
    return 1 if failures else 0


def _ask(installation: Installation, hall: Hall, kind: Kind, grown: Grown, times: int) -> None:
    measured = measure(installation.app, hall, kind, times)
    grown.median.setdefault(kind.name, []).append(measured.clock)
    grown.first.setdefault(kind.name, []).append(measured.first)


def _table(sizes: list[int], grown: Grown) -> list[str]:
    heads = "".join(f"{size:>11,}" for size in sizes)
    lines = ["", f"{'':20}{heads}{'ratio':>8}   {'first time at ' + format(sizes[-1], ','):>24}   ms by the clock"]
    for name, found in grown.median.items():
        shown = "".join(f"{value:11.1f}" for value in found)
        lines.append(f"{name:20}{shown}{found[-1] / found[0]:8.1f}   {grown.first[name][-1]:24.1f}")
    return lines


def _push(installation: Installation, hall: Hall, streams: int, casts: int) -> list[str]:
    """Serve, open the streams, cast, and measure how long each change takes to the last of them."""
    installation.serve()
    delays: list[float] = []
    try:
        asyncio.run(_watch_casts(installation.port, hall, streams, casts, delays))
        print(memory.table(installation))
    except TimeoutError as error:
        return [str(error)]
    finally:
        installation.stop_serving()
    shown = ", ".join(f"{1000 * percentile(delays, share):.0f}" for share in (0.5, 0.95, 1.0))
    mean = 1000 * statistics.mean(delays)
    print(
        f"{streams} streams, {casts} casts, from the cast to the last page: p50, p95, max {shown} ms, mean {mean:.0f}"
    )
    return []


async def _watch_casts(port: int, hall: Hall, streams: int, casts: int, delays: list[float]) -> None:
    pages = [Page() for _ in range(streams)]
    reading = [asyncio.create_task(page.read(port, hall.id)) for page in pages]
    try:
        await _all_have(pages, 0)
        for _ in range(casts):
            measured, before = browsers.Measured(), max(page.voted for page in pages)
            await cast(port, hall, hall.take(1), measured)
            began = time.monotonic()
            await _all_have(pages, before)
            delays.append(time.monotonic() - began)
    finally:
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)


async def _all_have(pages: list[Page], more_than: int) -> None:
    until = time.monotonic() + PUSH_SECONDS
    while not all(page.voted > more_than for page in pages):
        if time.monotonic() > until:
            late = sum(page.voted <= more_than for page in pages)
            raise TimeoutError(f"{late} of {len(pages)} streams saw no change in {PUSH_SECONDS:.0f} s")
        await asyncio.sleep(0.005)


class Page:
    """An open result page; `voted` is the turnout of its last event."""

    def __init__(self) -> None:
        self.voted = -1

    async def read(self, port: int, election_id: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        path = f"/results/live?election={election_id}"
        writer.write(browsers.get(path, Browser(""), "text/event-stream"))
        try:
            while line := await reader.readline():
                found = browsers.between(line, b'"voted":', b"}")
                if line.startswith(b"data: ") or found is not None:
                    self.voted = int((found or b"-1").split(b",")[0])
        finally:
            writer.close()


if __name__ == "__main__":
    sys.exit(main())
