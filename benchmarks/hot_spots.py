"""Where the time of a request goes: processor time, statements and, by a profiler, the costly functions.

    python -m benchmarks.hot_spots [--voters 2000] [--times 60] [--only cast,voters] [--profile] [--sql]

In one process without a web server: own database, the application as it is served, CSRF and rate limits on. For each
kind of request: milliseconds of this process's processor time (median; the database's is not in it), milliseconds by
the clock (median), statements sent, and the size of the answer. The baseline is `/ops/health/live`, which does nothing:
what Flask and the layers around every request cost. `--profile` adds the functions that take the most time of their
own, `--sql` the statements of the last request.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import pstats
import re
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import event
from werkzeug.test import Client, EnvironBuilder

from benchmarks.day.installation import installed
from benchmarks.load.hall import Browser, Hall, link_browser, open_hall, staff_browser, with_form_token
from models import db

WARM = 8
TOP = 32
SHOWN = 160
"""Characters of a statement that are printed."""
BASELINE = "nothing"


@dataclass(frozen=True)
class Kind:
    """One kind of request: `make` gives the arguments of the next one, for a voter's number."""

    name: str
    browser: Callable[[int], Browser]
    make: Callable[[int], dict[str, Any]]
    spends: bool = False


@dataclass(frozen=True)
class Sent:
    """A statement and how long the database took for it."""

    milliseconds: float
    statement: str

    def short(self) -> str:
        """Return it without the columns of what it reads."""
        return re.sub(r"^SELECT .*? FROM", "SELECT … FROM", self.statement)[:SHOWN]


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--voters", type=int, default=2000)
    parser.add_argument("--times", type=int, default=60)
    parser.add_argument("--only", default="")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--sql", action="store_true")
    wanted = parser.parse_args()
    with installed("hot-spots") as installation:
        app = installation.prepare()
        with app.app_context():
            hall = open_hall(app, wanted.voters, booths=2, links=True)
            made = kinds(app, hall)
            db.session.remove()
        return _run(app, hall, made, wanted)


def kinds(app: Flask, hall: Hall) -> list[Kind]:
    """Return all kinds of requests in an election; inside an application context."""
    desk, nobody, session = staff_browser(app, hall.id), Browser(""), with_form_token(app)

    def link(number: int) -> Browser:
        return link_browser(app, number, session)

    def cast(path: str) -> Callable[[int], dict[str, Any]]:
        def content(number: int) -> dict[str, object]:
            key = secrets.token_urlsafe(24)
            return {"voter_id": str(number), "choice": hall.candidates[0], "idempotency_key": key}

        return lambda number: {"path": path, "method": "POST", "json": content(number)}

    def page(path: str) -> Callable[[int], dict[str, Any]]:
        return lambda _number: {"path": path}

    def search(number: int) -> dict[str, Any]:
        return {"path": f"/admin/voters?q={number}"}

    here = hall.id
    return [
        Kind(BASELINE, lambda _: nobody, page("/ops/health/live")),
        Kind("cast", hall.booth_of, cast("/poll/vote"), spends=True),
        Kind("link cast", link, cast("/vote"), spends=True),
        Kind("booth ballot", hall.booth_of, page("/poll/ballot")),
        Kind("link ballot", link, page("/vote")),
        Kind("voters", lambda _: desk, page("/admin/voters")),
        Kind("voter search", lambda _: desk, search),
        Kind("elections", lambda _: desk, page("/admin/elections")),
        Kind("roll", lambda _: desk, page(f"/admin/roll?election={here}")),
        Kind("live desk", lambda _: desk, page("/admin/")),
        Kind("live desk figures", lambda _: desk, page(f"/admin/live/{here}")),
        Kind("audit log", lambda _: desk, page("/admin/audit")),
        Kind("result page", lambda _: nobody, page(f"/results/?election={here}")),
        Kind("result figures", lambda _: nobody, page(f"/results/live?election={here}")),
    ]  # fmt: skip


def _run(app: Flask, hall: Hall, made: list[Kind], wanted: argparse.Namespace) -> int:
    wished = [name.strip() for name in wanted.only.split(",") if name.strip()]
    print(f"{'request':20}{'processor ms':>14}{'clock ms':>10}{'statements':>12}{'bytes':>9}{'/ nothing':>11}")
    base = 0.0
    for kind in made:
        if wished and kind.name not in (*wished, BASELINE):
            continue
        found = measure(app, hall, kind, wanted.times)
        base = base or found.own
        shown = f"{found.own:14.2f}{found.clock:10.2f}{len(found.sent):12}{found.size:9}{found.own / base:11.1f}"
        print(f"{kind.name:20}{shown}", flush=True)
        if wanted.sql:
            print("".join(f"{one.milliseconds:10.2f} ms  {one.short()}\n" for one in found.sent), end="")
        if wanted.profile and kind.name in wished:
            print(_profile(app, hall, kind, wanted.times))
    return 0


@dataclass(frozen=True)
class Figures:
    """Medians of processor and clock milliseconds, the first request's clock, the last one's statements and bytes."""

    own: float
    clock: float
    first: float
    sent: list[Sent]
    size: int


def measure(app: Flask, hall: Hall, kind: Kind, times: int) -> Figures:
    """Send so many requests of a kind, after some that are not counted."""
    own, clock, size, first = [], [], 0, 0.0
    requests = _requests(app, hall, kind, times + WARM)
    sent: list[Sent] = []
    for place, request in enumerate(requests):
        with _noting(app, sent) if place == len(requests) - 1 else nullcontext():
            began, spent = time.perf_counter(), time.process_time()
            size = request()
        first = first or 1000 * (time.perf_counter() - began)
        if place >= WARM:
            own.append(1000 * (time.process_time() - spent))
            clock.append(1000 * (time.perf_counter() - began))
    return Figures(statistics.median(own), statistics.median(clock), first, sent, size)


@contextmanager
def _noting(app: Flask, sent: list[Sent]) -> Iterator[None]:
    """Note each statement of the block with the milliseconds until the database had answered."""
    began = [0.0]

    def before(*_all: Any) -> None:
        began[0] = time.perf_counter()

    def after(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(Sent(1000 * (time.perf_counter() - began[0]), " ".join(statement.split())))

    listeners = (("before_cursor_execute", before), ("after_cursor_execute", after))
    with app.app_context():
        engines = list(db.engines.values())
    for engine in engines:
        for name, listener in listeners:
            event.listen(engine, name, listener)
    yield
    for engine in engines:
        for name, listener in listeners:
            event.remove(engine, name, listener)


def _requests(app: Flask, hall: Hall, kind: Kind, times: int) -> list[Callable[[], int]]:
    numbers = hall.take(times) if kind.spends else [hall.last - place for place in range(times)]
    client = Client(app, use_cookies=False)

    def ready(number: int) -> Callable[[], int]:
        browser, values = kind.browser(number), kind.make(number)
        path, _, query = values.pop("path").partition("?")
        headers = {"Cookie": browser.cookie, "X-CSRFToken": browser.token,
                   "Accept": "application/json" if "json" in values else "text/html"}  # fmt: skip
        environ = EnvironBuilder(path=path, query_string=query, headers=headers, **values).get_environ()

        def send() -> int:
            answer = client.open(environ)
            if answer.status_code != 200:
                raise RuntimeError(f"{kind.name}: {answer.status_code} {answer.get_data(as_text=True)[:300]}")
            return len(answer.get_data())

        return send

    return [ready(number) for number in numbers]


def _profile(app: Flask, hall: Hall, kind: Kind, times: int) -> str:
    requests, profile, text = _requests(app, hall, kind, times), cProfile.Profile(), io.StringIO()
    profile.enable()
    for request in requests:
        request()
    profile.disable()
    pstats.Stats(profile, stream=text).strip_dirs().sort_stats("tottime").print_stats(TOP).sort_stats(
        "cumulative"
    ).print_stats(3 * TOP)
    return text.getvalue()


if __name__ == "__main__":
    sys.exit(main())
