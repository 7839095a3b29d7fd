"""2,000 members check in to ONE meeting within a minute: how long does each wait, is nobody lost and nobody double?

    python -m benchmarks.checkin_load [--members 2000] [--seconds 55] [--cut 0.1] [--typed 0] [--selfie 0]

Own database (the embedded PostgreSQL), web server (gunicorn, 2 processes) and worker as `make run` starts them, over
HTTP on the loopback, rate limits, CSRF and the log on. The layers are a rolling code, the device (a real P-256 key pair
each, made before the clock runs; the signature is made in time, because it signs what the server sends, and the server
checks it) and the location. Each member scans the big screen, which opens the page of the meeting with the code
typed, and sends code, key and position, as the page's script does; a share of `--typed` opens *My meetings* first and
types the code. Of `--cut` of them the answer to each step is lost on the way and the step sent
again. They come at random moments of `--seconds`; the big screen asks once a second meanwhile. The phones run in this
process, on the same processors.

Before, `--compare` members check in to another meeting page by page, as all did until key and position came together,
and as many in the new way: the processor time of both, measured one after the other, and a web server that is warm.

`--selfie N` asks for the live face as well and lets N members come, at most `--at-once` together: films composed from
photographs, judged by dlib. It prints the rate; no bound holds for it.

Exits 1 when a member is lost or double, an answer is not the expected one, a flag was raised, or, without `--selfie`,
when the last one was through later than 60 s after the first, or the p95 of an answer is above one second.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from benchmarks.checkin.figures import Figures, table
from benchmarks.checkin.machine import Spent
from benchmarks.checkin.members import meetings, members, screen_cookie
from benchmarks.checkin.phone import Line, Member, NotAsExpected, check_in, check_in_by_pages
from benchmarks.day.figures import percentile
from benchmarks.day.installation import Installation, installed
from models import AttendanceRecord, AuditLog, Device, PresenceFlag, db
from services import attendance
from services.clock import utc_now
from tests.support.meetings import Phone

Way = Callable[[Line, int, Callable[[], str]], None]
WITHIN_SECONDS = 60.0
"""The order: 2,000 members within 60 seconds against one session."""
P95_SECONDS = 1.0
"""One second keeps a person's flow of thought (Nielsen 1993)."""
THREADS = 160
WARM, WARM_NOW = 40, 20
"""Members before the comparison: each web process has built its pages and its statements by then."""
FEW = 4
"""Members at once in the comparison: both processes are busy, and nobody waits for a place."""
SEED = 20261128


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name, default in (("members", 2000), ("compare", 60), ("selfie", 0), ("at-once", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seconds", type=float, default=55.0)
    parser.add_argument("--cut", type=float, default=0.1)
    parser.add_argument("--typed", type=float, default=0.0)
    wanted = parser.parse_args()
    engine = "dlib" if wanted.selfie else "fake"
    with installed("checkin-load", engine, application="app:create_app()", LOG_LEVEL="INFO") as installation:
        return _run(installation, wanted)


def _run(installation: Installation, wanted: argparse.Namespace) -> int:
    app, figures = installation.prepare(), Figures()
    count, others = wanted.selfie or wanted.members, 0 if wanted.selfie else WARM + WARM_NOW + 2 * wanted.compare
    with app.app_context():
        before_id, meeting_id = meetings(("device", "location", *(["selfie"] if wanted.selfie else [])), 2)
        people = members(app, meeting_id, count + others, wanted.cut, wanted.typed, bool(wanted.selfie), SEED)
        screen = screen_cookie(app)
    installation.serve()
    print(f"{count} members, meeting {meeting_id}", flush=True)
    if others:
        _compare(installation, app, before_id, people[count:], wanted.compare)
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(installation.port, meeting_id, screen, over), daemon=True)
    watcher.start()
    begun, spent = time.monotonic(), Spent(installation)
    _let_them_come(app, installation.port, meeting_id, people[:count], figures, wanted)
    took = time.monotonic() - begun
    over.set()
    watcher.join()
    print("\n".join(table(figures)))
    print(f"begun later than wished: p95 {1000 * percentile(figures.waited or [0.0], 0.95):.0f} ms")
    print(_rate(figures, count, took))
    print(spent.said(len(figures.all), count))
    with app.app_context():
        failures = _stored(meeting_id, count)
    failures += [f"{number} x {words}" for words, number in figures.failures.most_common(12)]
    if not wanted.selfie:
        failures += _too_slow(took, percentile(figures.all, 0.95))
    print("\n".join(f"  {number} x {words}" for words, number in figures.notes.most_common()) or "  nothing noted")
    print("\n".join(f"FAILED  {failure}" for failure in failures) or "Everything held.")
    return 1 if failures else 0


def _compare(installation: Installation, app: Flask, meeting_id: int, people: list[Member], each: int) -> None:
    """Warm the server up, then tell what a check-in costs it page by page, and in the way of now."""
    code, port = _CodeOfNow(app, meeting_id), installation.port

    def cost(some: list[Member], way: Way) -> float:
        def come(member: Member) -> None:
            line = Line(port, member, Figures())
            way(line, meeting_id, code)
            line.close()

        spent = Spent(installation)
        with ThreadPoolExecutor(FEW) as pool:
            list(pool.map(come, [replace(one, cut=False) for one in some]))
        return 1000 * spent.of_web() / max(1, len(some))

    cost(people[:WARM], check_in_by_pages), cost(people[WARM : WARM + WARM_NOW], check_in)
    rest = people[WARM + WARM_NOW :]
    before, now = cost(rest[:each], check_in_by_pages), cost(rest[each:], check_in)
    print(f"web server, a member: page by page {before:.1f} ms, now {now:.1f} ms, ratio {before / now:.1f}", flush=True)


def _watch(port: int, meeting_id: int, cookie: str, over: threading.Event) -> None:
    """Be the big screen, which asks for code and count once a second."""
    member = Member("screen", cookie, "", Phone(), {})
    line = Line(port, member, Figures())
    while not over.wait(1.0):
        try:
            line.get("screen", f"/attendance/meetings/{meeting_id}/screen")
        except NotAsExpected:
            continue


def _let_them_come(
    app: Flask, port: int, meeting_id: int, members: list[Member], figures: Figures, wanted: argparse.Namespace
) -> None:
    """Let each member come at a random moment, whether or not the ones before are through."""
    draw, begun = random.Random(SEED), time.monotonic()
    moments = sorted(draw.uniform(0, wanted.seconds) for _ in members)
    secret = _CodeOfNow(app, meeting_id)

    def come(task: tuple[float, Member]) -> None:
        moment, member = task
        line = Line(port, member, figures)
        time.sleep(max(0.0, begun + moment - time.monotonic()))
        first = time.monotonic()
        try:
            check_in(line, meeting_id, secret)
            figures.member(first - begun - moment, time.monotonic() - first)
        except NotAsExpected:
            pass
        finally:
            line.close()

    with ThreadPoolExecutor(wanted.at_once if wanted.selfie else THREADS) as pool:
        list(pool.map(come, zip(moments, members, strict=True)))


class _CodeOfNow:
    """The code as the screen shows it: read once in a step of 30 seconds."""

    def __init__(self, app: Flask, meeting_id: int) -> None:
        self._app, self._id, self._lock = app, meeting_id, threading.Lock()
        self._shown: Any = None

    def __call__(self) -> str:
        with self._lock:
            if self._shown is None or self._shown.until <= utc_now():
                with self._app.app_context():
                    meeting = db.session.get_one(attendance.sessions.AttendanceSession, self._id)
                    self._shown = attendance.codes.shown(meeting, utc_now())
            return str(self._shown.code)


def _stored(meeting_id: int, count: int) -> list[str]:
    """Return what the database does not hold as it must: one record, one bound device, one audit row a member."""
    mine = AttendanceRecord.session_id == meeting_id
    records, people = db.session.execute(
        select(func.count(), func.count(AttendanceRecord.voter_id.distinct())).where(mine)
    ).one()
    flags = db.session.execute(select(PresenceFlag.kind, func.count()).group_by(PresenceFlag.kind)).all()
    bound = select(func.count(Device.id.distinct())).join(AttendanceRecord, AttendanceRecord.device_id == Device.id)
    devices = db.session.scalar(bound.where(mine))
    written = (
        AuditLog.event_type == "voter:attendance:checked_in",
        AuditLog.details["subject_id"].as_integer() == meeting_id,
    )
    audited = db.session.scalar(select(func.count()).select_from(AuditLog).where(*written))
    print(f"stored: {records} records of {people} members, {devices} devices, {audited} audit rows, flags {flags}")
    wrong = [f"{name}: {found} instead of {count}" for name, found in
             (("records", records), ("members", people), ("devices", devices), ("audit rows", audited))
             if found != count]  # fmt: skip
    return wrong + [f"flag {kind}: {number}" for kind, number in flags]


def _rate(figures: Figures, count: int, took: float) -> str:
    through, answers = len(figures.whole), len(figures.all)
    return (
        f"{through} of {count} through in {took:.1f} s, {60 * through / took:.0f} a minute,"
        f" {answers / took:.0f} answers a second; {figures.cuts} answers lost on the way and repeated"
    )


def _too_slow(took: float, high: float) -> list[str]:
    found = [f"through after {took:.1f} s > {WITHIN_SECONDS:.0f} s"] if took > WITHIN_SECONDS else []
    return found + ([f"p95 of an answer {high:.2f} s > {P95_SECONDS:.0f} s"] if high > P95_SECONDS else [])


if __name__ == "__main__":
    sys.exit(main())
