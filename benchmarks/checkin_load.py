"""2,000 members check in to ONE meeting within a minute: how long does each wait, is nobody lost and nobody double?

    python -m benchmarks.checkin_load [--members 2000] [--seconds 55] [--cut 0.1] [--selfie 0]

Own database (the embedded PostgreSQL), web server (gunicorn, 2 processes) and worker as `make run` starts them, over
HTTP on the loopback, rate limits and CSRF on. The layers are a rolling code, the device (a real P-256 key pair each,
whose signature the server checks) and the location. Each member opens *My meetings* and goes through the pages as a
browser does, and sends the last step once more, exactly; of `--cut` of them the answer to every step is lost on the way
and the step repeated. They come at random moments of `--seconds`; the big screen asks once a second meanwhile. The
phones run in this process, on the same two cores.

`--selfie N` asks for the live face as well and lets N members come, at most `--at-once` together: films composed from
photographs, judged by dlib. It prints the rate; no bound holds for it.

Exits 1 when a member is lost or double, an answer is not the expected one, a flag was raised, or, without `--selfie`,
when the last one was through later than 60 s after the first, or the p95 of an answer is above one second.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from flask import Flask, g, session
from flask_wtf.csrf import generate_csrf
from sqlalchemy import func, insert, select

from benchmarks.checkin.figures import Figures, table
from benchmarks.checkin.machine import Spent
from benchmarks.checkin.phone import Line, Member, NotAsExpected, check_in
from benchmarks.day import films
from benchmarks.day.figures import percentile
from benchmarks.day.installation import Installation
from models import AttendanceRecord, AuditLog, Consent, Device, GroupMember, PresenceFlag, StaffRole, Voter, db
from services import accounts, attendance
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.voters.numbers import check_digit_added
from tests import factories
from tests.support.meetings import HALL, Phone
from tests.support.voter_accounts import token_of, with_account
from tests.support.web_process import session_cookie

WITHIN_SECONDS = 60.0
"""The order: 2,000 members within 60 seconds against one session."""
P95_SECONDS = 1.0
"""One second keeps a person's flow of thought (Nielsen 1993)."""
THREADS = 160
SEED = 20261128


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name, default in (("members", 2000), ("selfie", 0), ("at-once", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seconds", type=float, default=55.0)
    parser.add_argument("--cut", type=float, default=0.1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="checkin-load-") as folder:
        Path(folder).chmod(0o755)  # the embedded database runs as another account
        engine = "dlib" if wanted.selfie else "fake"
        installation = Installation(Path(folder), engine, application="app:create_app()")
        try:
            return _run(installation, wanted)
        finally:
            installation.stop()


def _run(installation: Installation, wanted: argparse.Namespace) -> int:
    app, figures = installation.prepare(), Figures()
    count = wanted.selfie or wanted.members
    with app.app_context():
        meeting_id = _meeting(("device", "location", *(["selfie"] if wanted.selfie else [])))
        members = _members(app, meeting_id, count, wanted)
        screen = _screen_cookie(app)
    installation.serve()
    print(f"{count} members, meeting {meeting_id}", flush=True)
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(installation.port, meeting_id, screen, over), daemon=True)
    watcher.start()
    begun, spent = time.monotonic(), Spent(installation)
    _let_them_come(app, installation.port, meeting_id, members, figures, wanted)
    took = time.monotonic() - begun
    over.set()
    watcher.join()
    print("\n".join(table(figures)))
    print(f"begun later than wished: p95 {1000 * percentile(figures.waited or [0.0], 0.95):.0f} ms")
    print(_rate(figures, count, took))
    print(spent.said(len(figures.all)))
    with app.app_context():
        failures = _stored(meeting_id, count)
    failures += [f"{number} x {words}" for words, number in figures.failures.most_common(12)]
    if not wanted.selfie:
        failures += _too_slow(took, percentile(figures.all, 0.95))
    print("\n".join(f"  {number} x {words}" for words, number in figures.notes.most_common()) or "  nothing noted")
    print("\n".join(f"FAILED  {failure}" for failure in failures) or "Everything held.")
    return 1 if failures else 0


def _meeting(layers: tuple[str, ...]) -> int:
    """Make the one meeting, which began a minute ago, and return its number."""
    officer = factories.StaffUserFactory(role=StaffRole.OFFICER)
    group = factories.GroupFactory(name="Everybody")
    actor = Actor("officer", officer.id, officer.username)
    made = attendance.sessions.create(
        attendance.Entries(group.id, "Spring assembly", utc_now(), 120, layers, HALL, rolling=True,
                           late_after_minutes=60),
        actor,
    )  # fmt: skip
    db.session.commit()
    return made.id


def _members(app: Flask, meeting_id: int, count: int, wanted: argparse.Namespace) -> list[Member]:
    """Make the members with accounts, sessions, keys and places to stand; some have a line that is cut."""
    group_id = db.session.get_one(attendance.sessions.AttendanceSession, meeting_id).group_id
    draw, made = random.Random(SEED), []
    faces = films.real_films(count) if wanted.selfie else [None] * count
    numbers = [check_digit_added(str(3_048_000 + place)) for place in range(count)]
    voters = [with_account(voter_id=number, name=f"Member {number}") for number in numbers]
    db.session.execute(insert(GroupMember), [{"group_id": group_id, "voter_id": voter.id} for voter in voters])
    for voter, film in zip(voters, faces, strict=True):
        if film is not None:
            platform().faces.templates.replace(voter.id, film.templates)
            db.session.add(Consent(voter_id=voter.id, text_version="benchmark"))
        cookie, token = _signed_in(app, voter)
        north, east = (draw.uniform(-50, 50) for _ in range(2))
        position = {"latitude": HALL.latitude + north / 111_195, "longitude": HALL.longitude + east / 67_000,
                    "accuracy": round(draw.uniform(5, 30), 1)}  # fmt: skip
        made.append(Member(voter.voter_id, cookie, token, Phone(), position, draw.random() < wanted.cut, film))
    db.session.commit()
    return made


def _signed_in(app: Flask, voter: Voter) -> tuple[str, str]:
    """Return the cookie of the member's browser and the token that its forms carry."""
    token = token_of(voter)
    with app.test_request_context():
        g.pop("csrf_token", None)
        csrf, raw = generate_csrf(), session["csrf_token"]
    return session_cookie(app, voter_session=token, csrf_token=raw), csrf


def _screen_cookie(app: Flask) -> str:
    admin = factories.StaffUserFactory(role=StaffRole.ADMIN)
    token = accounts.start_session(admin, Actor("admin", admin.id, admin.username, "127.0.0.1"))
    db.session.commit()
    return session_cookie(app, staff_session=token)


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
    devices = db.session.scalar(select(func.count()).select_from(Device))
    audited = db.session.scalar(
        select(func.count()).select_from(AuditLog).where(AuditLog.event_type == "voter:attendance:checked_in")
    )
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
