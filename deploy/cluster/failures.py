"""One failure at a time on the cluster: what voters are told, what is lost, how it heals.

    python -m deploy.cluster.failures NAME [--casts 60] [--keep]      (--help names them; `all` plays each in turn)
    python -m deploy.cluster.failures mail-down --lasts 3600 --casts 600       an hour as it is, voters all the while

Voters cast at booths, by link and through the API while the failure lasts and afterwards. Prints what they were
answered, what the health page said, and the checks; exits 1 when one fails. Those with a full disk mount a small one in
memory and so need root.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path

import psycopg2
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.day.checks import Checks
from deploy.cluster import checks
from deploy.cluster.clients import Crowd
from deploy.cluster.layout import HOST, NODES, SITE, WORKERS, Layout
from deploy.cluster.mail_server import TAKEN
from deploy.cluster.nginx import certificate_of
from deploy.cluster.proxy import CuttingProxy
from deploy.cluster.roll import open_election
from deploy.cluster.whole import PRIMARY, REPLICA, Cluster
from services.email_service.queue_state import LONGEST_PAUSE
from services.metrics import PREFIX

LASTS_SECONDS = 12.0
BOOTHS, CLIENTS = 1, 6
MOST_BEFORE = 20
"""Voters who are through before the failure comes, at most: a fifth of a small roll."""
SMALL_DISK_MB = 48
FILLING = "filling"
ANSWER_SECONDS = 30.0
"""What the health page gets."""
NOTICED_SECONDS = 180.0
"""A worker counts as stuck after two minutes; the one beside it must not hide that."""
CLOCK_AHEAD = 3 * 3600
"""Seconds: longer than the ticket of a voting link is good for."""
REQUESTS, WELL = f"{PREFIX}_request_seconds_count", ("2xx", "3xx")


@dataclass
class Trial:
    """One run; `seen` is what is told of it besides the answers."""

    cluster: Cluster
    crowd: Crowd
    lasts: float = LASTS_SECONDS
    seen: list[str] = field(default_factory=list)

    def health(self, when: str) -> None:
        """Note what the health page says."""
        self.seen.append(f"{when}: {self.health_words()}")

    def health_words(self) -> str:
        """Return what the health page says now: its status, and then all problems and warnings."""
        tls = ssl.create_default_context(cafile=str(certificate_of(self.cluster.layout)))
        address = f"{self.cluster.layout.address}/ops/health/ready"
        return _health_of(urllib.request.Request(address), tls)


def commit_cut(trial: Trial) -> None:
    """The line between PgBouncer and the primary is cut after COMMIT was carried out, before its answer, 10 times."""
    proxy = CuttingProxy(trial.cluster.pair.primary._port())
    trial.cluster.bouncer.repoint(proxy.port)
    proxy.cut(10)
    _while(lambda: proxy.done < 10 and trial.crowd.busy, LASTS_SECONDS * 3)
    trial.seen.append(f"commits cut: {proxy.done}")
    trial.cluster.bouncer.repoint()
    proxy.close()


def mail_down(trial: Trial) -> None:
    """The mail server is away; where it is only for seconds, the pauses that grew are shortened to their last try."""
    trial.cluster.kill("mail")
    time.sleep(trial.lasts)
    trial.health("meanwhile")
    trial.cluster.start("mail")
    begun = time.monotonic()
    with trial.cluster.pair.asked(trial.cluster.layout.primary) as cursor:

        def waiting() -> int:
            cursor.execute("SELECT count(*) FROM email_messages WHERE status <> 'sent'")
            return int(cursor.fetchone()[0])

        trial.seen.append(f"mails that waited: {waiting()}")
        if trial.lasts <= LASTS_SECONDS:
            cursor.execute("UPDATE mail_queue SET probe_at = clock_timestamp() WHERE probe_at IS NOT NULL")
            return
        taken, longest = trial.cluster.layout.folder / TAKEN, LONGEST_PAUSE.total_seconds() * 2
        size = taken.stat().st_size
        for told, going in (
            ("a mail left again", lambda: taken.stat().st_size == size),
            ("no mail waited any more", lambda: waiting() > 0),
        ):
            _while(going, longest)
            trial.seen.append(f"{told} {time.monotonic() - begun:.0f} s after the mail server was back")


def worker_stuck(trial: Trial) -> None:
    """A worker stands still (SIGSTOP) until health names it, and goes on later; the other does the work meanwhile."""
    trial.cluster.processes[WORKERS[0]].kill(signal.SIGSTOP)
    begun = time.monotonic()
    _while(lambda: "gave no sign" not in trial.health_words(), NOTICED_SECONDS)
    trial.health(f"after {time.monotonic() - begun:.0f} s")
    trial.cluster.processes[WORKERS[0]].kill(signal.SIGCONT)


def workers_stuck(trial: Trial) -> None:
    """Both workers stand still, until somebody kills them and they are started again."""
    for name in WORKERS:
        trial.cluster.processes[name].kill(signal.SIGSTOP)
    time.sleep(LASTS_SECONDS * 4)
    trial.health("meanwhile")
    for name in WORKERS:
        trial.cluster.kill(name)
        trial.cluster.start(name)


def replica_down(trial: Trial) -> None:
    """The replica is away: commits wait for it, until the operator lifts that, or it is back."""
    trial.cluster.kill(REPLICA)
    time.sleep(LASTS_SECONDS)
    trial.health("meanwhile")
    trial.cluster.start(REPLICA)


def redis_lost(trial: Trial) -> None:
    """Redis, which keeps rate limits and tells live pages, is killed and comes back empty."""
    trial.cluster.kill("redis")
    time.sleep(LASTS_SECONDS)
    trial.health("meanwhile")
    trial.cluster.start("redis")


def clock_jump(trial: Trial) -> None:
    """The clock of one node is three hours ahead, for all its code; the database's and the other node's are right."""
    node = trial.cluster.processes[NODES[0]]
    right = node.command
    node.kill()
    node.command = [sys.executable, "-m", "deploy.cluster.ahead", str(CLOCK_AHEAD), *right[1:]]
    node.start()
    trial.crowd.start()
    _while(lambda: trial.crowd.busy, LASTS_SECONDS * 5)
    taken = {name: _served(trial.cluster.layout, name) for name in NODES}
    for name, (writes, ahead) in taken.items():
        trial.seen.append(f"{name}: its clock {ahead:+.0f} s, {writes} forms and API calls of voters taken well")
    trial.seen.append(f"{NODES[0]} of itself: {_health_of(_node(trial.cluster.layout, NODES[0], '/ops/health/ready'))}")
    if not min(writes for writes, _ in taken.values()):
        raise RuntimeError("One of the nodes served nobody: the drill proves nothing.")
    node.kill()
    node.command = right
    node.start()


def uploads_full(trial: Trial) -> None:
    """The disk with the pictures is full to the last byte."""
    folder = trial.cluster.layout.of("app") / "uploads"
    _on_small_disk(folder, lambda: _fill(folder, trial))


def database_full(trial: Trial) -> None:
    """The disk with the tables of votes, audit log and mails is full to the last byte."""
    server, name = trial.cluster.pair.primary, trial.cluster.layout.primary
    tables = ("votes", "ballot_box", "audit_logs", "email_messages", "auth_events")
    with trial.cluster.pair.asked(name) as cursor:
        cursor.execute("SELECT oid FROM pg_tablespace WHERE spcname = 'drill_small'")
        row = cursor.fetchone()
        if row is None:
            cursor.execute("SET allow_in_place_tablespaces = on")
            cursor.execute("CREATE TABLESPACE drill_small LOCATION ''")
            cursor.execute("SELECT oid FROM pg_tablespace WHERE spcname = 'drill_small'")
            row = cursor.fetchone()
        cursor.execute("GRANT CREATE ON TABLESPACE drill_small TO sv_web")  # Where health probes, as tables lie there.
        folder = server.base / "data" / "pg_tblspc" / str(row[0])

        def play() -> None:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} SET TABLESPACE drill_small")
            _fill(folder, trial)
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} SET TABLESPACE pg_default")
            cursor.execute("CHECKPOINT")

        _on_small_disk(folder, play)


def wal_full(trial: Trial) -> None:
    """The disk of the write-ahead log is full: PostgreSQL stops, and is started by hand when there is room again."""
    cluster, server = trial.cluster, trial.cluster.pair.primary
    folder = server.base / "data" / "pg_wal"
    server.stop()
    used = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    def use_up() -> None:
        with suppress(psycopg2.Error), cluster.pair.asked(cluster.layout.primary) as cursor:
            cursor.execute("SELECT pg_logical_emit_message(false, 'drill', ''), pg_switch_wal()")

    def play() -> None:
        cluster.start(PRIMARY)
        trial.crowd.start()
        _while(lambda: trial.crowd.cast < MOST_BEFORE and trial.crowd.busy, LASTS_SECONDS * 5)
        cast = trial.crowd.cast
        _fill(folder, trial, use_up)
        trial.seen.append(
            f"{cast} voters were through before; PostgreSQL {'lives' if _takes(trial) else 'does not answer'}"
        )
        begun = time.monotonic()
        cluster.start(PRIMARY)
        trial.seen.append(f"it took writes {time.monotonic() - begun:.1f} s after it was told to start")
        _while(lambda: trial.crowd.busy, 300)
        server.stop()

    try:
        _on_small_disk(folder, play, used // 2**20 + SMALL_DISK_MB)
    finally:
        cluster.start(PRIMARY)


FAILURES: dict[str, Callable[[Trial], None]] = {
    "commit-cut": commit_cut,
    "mail-down": mail_down,
    "worker-stuck": worker_stuck,
    "workers-stuck": workers_stuck,
    "replica-down": replica_down,
    "redis-lost": redis_lost,
    "clock-jump": clock_jump,
    "uploads-full": uploads_full,
    "database-full": database_full,
    "wal-full": wal_full,
}


BEFORE = ("clock-jump", "wal-full")
"""What must be so before anybody comes; these let the voters in themselves."""


def run(cluster: Cluster, name: str, casts: int, lasts: float = LASTS_SECONDS) -> Checks:
    """Play one failure while `casts` voters vote; return the checks. They spread over one that `lasts` longer."""
    cluster.up()
    roll = open_election(cluster.application(), casts)
    pause = lasts * CLIENTS / casts if lasts > LASTS_SECONDS else 0.0
    trial = Trial(cluster, Crowd(cluster.layout, roll, CLIENTS, BOOTHS, pause), lasts)
    trial.health("before")
    if name not in BEFORE:
        trial.crowd.start()
    _while(lambda: trial.crowd.cast < min(casts * 0.2, MOST_BEFORE) and trial.crowd.busy, 120)
    begun = time.monotonic()
    FAILURES[name](trial)
    ended = time.monotonic()
    _while(lambda: trial.crowd.busy, 300)
    trial.health("afterwards")
    done, app, watch = Checks(), cluster.application(), trial.crowd.watch
    checks.check_votes(done, app, roll, watch.casts)
    checks.check_count(done, app, roll, watch.casts)
    checks.check_mails(done, cluster, app, 2)
    outcomes = Counter(f"{cast.channel} {cast.outcome}" for cast in watch.casts)
    done.equal("voters who gave up", sum(cast.outcome == "gave up" for cast in watch.casts), 0)
    done.lines += [f"       {cast.channel} {cast.words}" for cast in watch.casts if cast.outcome == "gave up"][:5]
    print(f"\n== {name}: {FAILURES[name].__doc__}\n   lasted {ended - begun:.1f} s; {dict(outcomes)}")
    print(f"   longest silence {watch.longest_silence(begun, ended + 10):.1f} s")
    booth = Counter(
        f"{row.status or 'no answer'} {row.words[:110]} (booth)" for row in trial.crowd.figures.troubled
        if not row.step.startswith(("link", "API"))
    )  # fmt: skip
    for words, count in (watch.bad + booth).most_common(8):
        print(f"   {count:5} x {words}")
    print(*(f"   health {line}" for line in trial.seen), *(f"   {line}" for line in done.lines), sep="\n", flush=True)
    return done


def _node(layout: Layout, name: str, path: str) -> urllib.request.Request:
    """Return a request to a node itself, past nginx."""
    token = f"Bearer {layout.secret('metrics')}"
    headers = {"Host": SITE, "X-Forwarded-Proto": "https", "Authorization": token}
    return urllib.request.Request(f"http://{HOST}:{layout.port(name)}{path}", headers=headers)


def _served(layout: Layout, name: str) -> tuple[int, float]:
    """Return how many writes a node has taken well since it started, and how many seconds its own answer is ahead."""
    with urllib.request.urlopen(_node(layout, name, "/ops/metrics"), timeout=ANSWER_SECONDS) as answer:
        ahead = parsedate_to_datetime(answer.headers["Date"]).timestamp() - time.time()
        families = text_string_to_metric_families(answer.read().decode())
    samples = (sample for family in families for sample in family.samples if sample.name == REQUESTS)
    wanted = (one for one in samples if one.labels["method"] == "POST" and one.labels["status"] in WELL)
    return int(sum(one.value for one in wanted)), ahead


def _health_of(asked: urllib.request.Request, tls: ssl.SSLContext | None = None) -> str:
    """Return what a health page says: its status, and then all problems and warnings."""
    try:
        with urllib.request.urlopen(asked, context=tls, timeout=ANSWER_SECONDS) as answer:
            said = json.load(answer)
    except urllib.error.HTTPError as error:
        said = json.load(error)
    except OSError as error:
        said = {"status": type(error).__name__}
    words = [*said.get("problems", ()), *said.get("warnings", ())]
    return f"{said['status']}{': ' if words else ''}{' '.join(words)}"


def _takes(trial: Trial) -> bool:
    with suppress(psycopg2.Error), trial.cluster.pair.asked(trial.cluster.layout.primary):
        return True
    return False


def _on_small_disk(folder: Path, act: Callable[[], None], megabytes: int = SMALL_DISK_MB) -> None:
    """Mount a small disk in memory over a folder with what is in it; take it away afterwards, contents copied back."""
    before = folder.stat()
    copy = folder.with_name(folder.name + ".copy")
    shutil.copytree(folder, copy, dirs_exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)], check=True)
    try:
        shutil.copytree(copy, folder, dirs_exist_ok=True)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, before.st_uid, before.st_gid)
        act()
    finally:
        (folder / FILLING).unlink(missing_ok=True)
        shutil.rmtree(copy)
        shutil.copytree(folder, copy)
        subprocess.run(["umount", "-l", str(folder)], check=True)
        shutil.copytree(copy, folder, dirs_exist_ok=True)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, before.st_uid, before.st_gid)
        shutil.rmtree(copy)


def _fill(folder: Path, trial: Trial, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Fill the disk to the last byte, again and again while it lasts; then make room."""
    file, until = folder / FILLING, time.monotonic() + LASTS_SECONDS
    while time.monotonic() < until:
        with suppress(OSError), file.open("ab", buffering=0) as filling:
            while True:
                filling.write(b"\0" * 4096)
        meanwhile()
        time.sleep(0.2)
    trial.health("meanwhile")
    file.unlink()


def _while(going: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while going() and time.monotonic() < until:
        time.sleep(0.05)


def main() -> int:
    """Play what was asked; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=("all", *FAILURES))
    parser.add_argument("--casts", type=int, default=60)
    parser.add_argument("--lasts", type=float, default=LASTS_SECONDS, help="seconds, of mail-down alone")
    parser.add_argument("--keep", action="store_true", help="leave the cluster up")
    options = parser.parse_args()
    cluster = Cluster()
    failed = []
    try:
        for name in FAILURES if options.name == "all" else (options.name,):
            failed += run(cluster, name, options.casts, options.lasts).failed
    finally:
        if not options.keep:
            cluster.down()
    print("all held" if not failed else f"{len(failed)} checks FAILED")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
