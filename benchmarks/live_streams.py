"""Open live pages beside voters: do 200 Server-Sent Event streams slow a vote down, and are they freed when closed?

    python -m benchmarks.live_streams [--streams 200] [--votes 400] [--rounds 2] [--clients 8]

Own database, web server (2 processes) and worker as `make run` starts them; loopback only. Votes are cast over HTTP,
by turns without and with the streams, so that both see the same machine. Prints p50 and p95 of a vote, memory, threads
and connections; closes the streams and waits until all are freed. Exits 1 when one is not, when a vote fails, when a
stream was refused or saw no event, or when p95 with streams is above `MOST_RATIO` times the one without and above
`SLOW_SECONDS`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import secrets
import selectors
import socket
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
from flask import Flask, g, session
from flask_wtf.csrf import generate_csrf

from benchmarks.day.installation import Installation, installed
from models import Election, StaffRole, db
from services import accounts, kiosks, membership
from services.actor import SYSTEM, Actor
from tests import factories
from tests.support.voting import make_pass, voters_of
from tests.support.web_process import session_cookie

MOST_RATIO, SLOW_SECONDS = 1.5, 0.25
FREED_SECONDS = 20.0
COMMIT_SECONDS = 3.0
STATUS = re.compile(rb"HTTP/1\.1 (\d+)")


@dataclass
class Caster:
    """One kiosk's browser: its cookie, its token, and the voters that it serves."""

    port: int
    cookie: str
    token: str
    choice: int
    numbers: list[str] = field(default_factory=list)

    def cast(self, count: int) -> list[float]:
        """Cast so many votes one after the other; return the seconds each took. Raises RuntimeError."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        took = [self._one(connection, self.numbers.pop()) for _ in range(count)]
        connection.close()
        return took

    def _one(self, connection: http.client.HTTPConnection, number: str) -> float:
        body = {"voter_id": number, "choice": self.choice, "idempotency_key": secrets.token_urlsafe(24)}
        headers = {
            "Content-Type": "application/json", "Accept": "application/json", "Cookie": self.cookie,
            "X-CSRFToken": self.token,
        }  # fmt: skip
        begun = time.perf_counter()
        connection.request("POST", "/poll/vote", json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"a vote was answered {answer.status}: {content[:200]!r}")
        return time.perf_counter() - begun


class Watchers:
    """Open live pages, all read by one thread."""

    def __init__(self, port: int, path: str, cookie: str, count: int) -> None:
        self.statuses: dict[int, int] = {}
        self.events: dict[int, int] = {}
        self._selector = selectors.DefaultSelector()
        self._over = threading.Event()
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nCookie: {cookie}\r\n\r\n"
        self._sockets = [self._open(port, request.encode()) for _ in range(count)]
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _open(self, port: int, request: bytes) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", port), timeout=30)
        line.sendall(request)
        self._selector.register(line, selectors.EVENT_READ)
        return line

    def _read(self) -> None:
        while not self._over.is_set():
            for key, _mask in self._selector.select(0.2):
                line: socket.socket = key.fileobj  # type: ignore[assignment]
                content = line.recv(65536)
                number = line.fileno()
                if found := STATUS.match(content):
                    self.statuses[number] = int(found[1])
                self.events[number] = self.events.get(number, 0) + content.count(b"data: ")
                if not content:
                    self._selector.unregister(line)

    def wait(self) -> None:
        """Wait until every page has its first event, 30 s at most."""
        deadline = time.monotonic() + 30
        while sum(count > 0 for count in self.events.values()) < len(self._sockets) and time.monotonic() < deadline:
            time.sleep(0.05)

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        for line in self._sockets:
            line.close()


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name, default in (("streams", 200), ("votes", 400), ("rounds", 2), ("clients", 8)):
        parser.add_argument(f"--{name}", type=int, default=default)
    wanted = parser.parse_args()
    with installed("live-streams", liveness=False) as installation:
        return _run(installation, wanted)


def _run(installation: Installation, wanted: argparse.Namespace) -> int:
    app = installation.prepare()
    each = -(-wanted.votes // wanted.clients)
    with app.app_context():
        election = factories.make_open_election(voters=each * wanted.clients * wanted.rounds * 2)
        casters = _casters(app, election, installation.port, wanted.clients)
        path, cookie, election_id = f"/admin/live/{election.id}", _staff(app, election), election.id
    installation.serve()
    print(_machine(installation, "before"), flush=True)
    alone, watched, failures = [], [], []
    for number in range(wanted.rounds):
        alone += _cast(casters, each)
        watchers = Watchers(installation.port, path, cookie, wanted.streams)
        watchers.wait()
        watched += _cast(casters, each)
        time.sleep(2)
        print(_machine(installation, f"round {number + 1}, with {wanted.streams} streams"))
        failures += _judge(watchers, wanted.streams)
        closed = time.monotonic()
        watchers.close()
        failures += _freed(installation, closed)
    print(_said("without streams", alone), _said("with streams   ", watched), sep="\n")
    ratio = p95(watched) / p95(alone)
    print(f"p95 with / without: {ratio:.2f}")
    if ratio > MOST_RATIO and p95(watched) > SLOW_SECONDS:
        failures.append(f"a vote beside the streams is slower: {ratio:.2f} > {MOST_RATIO}")
    with app.app_context():
        votes = db.session.scalar(db.text("SELECT count(*) FROM votes WHERE election_id = :id"), {"id": election_id})
    print(f"votes stored: {votes} of {len(alone) + len(watched)} cast")
    print(_commits(app))
    print("\n".join(f"FAILED  {failure}" for failure in failures) or "Everything held.")
    return 1 if failures or votes != len(alone) + len(watched) else 0


def _casters(app: Flask, election: Election, port: int, count: int) -> list[Caster]:
    officer, voters, made = factories.StaffUserFactory(role=StaffRole.OFFICER), voters_of(election), []
    for place in range(count):
        kiosk, token = kiosks.open_kiosk(election, officer, SYSTEM)
        db.session.commit()
        with app.test_request_context():
            g.pop("csrf_token", None)
            csrf, raw = generate_csrf(), session["csrf_token"]
        caster = Caster(port, session_cookie(app, kiosk=token, csrf_token=raw), csrf, election.candidates[0].id)
        for voter in voters[place::count]:
            make_pass(election, voter, kiosk, expires_at=election.closes_at)
            caster.numbers.append(voter.voter_id)
        made.append(caster)
    return made


def _staff(app: Flask, election: Election) -> str:
    user = factories.StaffUserFactory(role=StaffRole.ADMIN)
    membership.join(election.id, user.id)
    token = accounts.start_session(user, Actor("admin", user.id, user.username, "127.0.0.1"))
    db.session.commit()
    return session_cookie(app, staff_session=token)


def _cast(casters: list[Caster], each: int) -> list[float]:
    with ThreadPoolExecutor(len(casters)) as pool:
        return [took for found in pool.map(lambda caster: caster.cast(each), casters) for took in found]


def _judge(watchers: Watchers, wanted: int) -> list[str]:
    opened = sum(status == 200 for status in watchers.statuses.values())
    events = sorted(watchers.events.values())
    print(f"   streams opened: {opened} of {wanted}; events a stream: {events[0]} to {events[-1]}")
    found = [] if opened == wanted else [f"{wanted - opened} streams were not opened"]
    return found + ([] if events[0] > 1 else ["a stream saw no change"])


def _freed(installation: Installation, closed: float) -> list[str]:
    """Wait until the server has freed every stream, its connection and its thread's work."""
    while time.monotonic() - closed < FREED_SECONDS:
        if _metric(installation, "smart_voting_live_streams") == 0 and _connections(installation.port) <= 2:
            print(f"   closed: all streams and connections freed after {time.monotonic() - closed:.1f} s")
            return []
        time.sleep(0.2)
    return [f"after {FREED_SECONDS:.0f} s {_connections(installation.port)} connections are still held"]


def _metric(installation: Installation, name: str) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=10)
    connection.request("GET", "/ops/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def _connections(port: int) -> int:
    """Return how many connections the server's side still holds (established, or closed by the other side only)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] in ("01", "08") for row in rows)


def _machine(installation: Installation, when: str) -> str:
    """Return threads and memory of the web server's processes, and the database's connections."""
    pids = [installation.web_pid, *_children(installation.web_pid)]
    status = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    threads = sum(int(re.search(r"Threads:\s+(\d+)", text)[1]) for text in status)  # type: ignore[index]
    memory = sum(int(re.search(r"VmRSS:\s+(\d+)", text)[1]) for text in status) / 1024  # type: ignore[index]
    with installation.app.app_context():
        rows = db.session.execute(
            db.text("SELECT split_part(application_name, ' ', 2) AS role, count(*) FROM pg_stat_activity"
                    " WHERE application_name LIKE 'smart-voting%' GROUP BY role ORDER BY role")
        ).all()  # fmt: skip
        db.session.remove()
    lines = ", ".join(f"{role} {count}" for role, count in rows)
    return f"{when}: {len(pids)} processes, {threads} threads, {memory:.0f} MB; database connections: {lines}"


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _commits(app: Flask) -> str:
    """Compare commits a second of 8 writers with NOTIFY inside the transaction and without it."""
    dsn = app.extensions["platform"].settings.listener_dsn
    rates = {inside: _rate(dsn, inside) for inside in (False, True, False, True)}
    return (
        f"commits a second of 8 writers: {rates[False]:.0f} without NOTIFY inside, {rates[True]:.0f} with it"
        f" ({rates[True] / rates[False]:.2f})"
    )


def _rate(dsn: str, notify: bool) -> float:
    stop = time.monotonic() + COMMIT_SECONDS

    def write(_number: int) -> int:
        done = 0
        connection = psycopg2.connect(dsn)
        with connection.cursor() as cursor:
            while time.monotonic() < stop:
                cursor.execute("INSERT INTO login_failures (username, ip_address) VALUES ('benchmark', '127.0.0.1')")
                if notify:
                    cursor.execute("SELECT pg_notify('benchmark', %s)", (str(done % 7),))
                connection.commit()
                done += 1
        connection.close()
        return done

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(write, range(8))) / COMMIT_SECONDS


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def _said(what: str, values: list[float]) -> str:
    middle = statistics.median(values)
    return f"a vote {what}: n={len(values)}  p50 {middle * 1000:.0f} ms  p95 {p95(values) * 1000:.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
