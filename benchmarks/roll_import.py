"""100,000 made-up voters and fifty kinds of bad rows from a CSV file onto a roll: time, memory, report, ratio.

    .venv/bin/python -m benchmarks.roll_import [--voters 100000] [--each 20] [--kill]

A worker process of its own does the work, as `make run` starts it. With `--kill` it is killed with -9 in the middle of
each step, and another one has to finish without doubling anybody. The baselines run in the same run on the same
database: one voter after the other through the session (ORM) on a sample, and a plain COPY of ready rows into a table
without index. Exit 1 when a bad row is not reported, a good one is not imported, or time or memory is above the bound.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, text

from benchmarks.day.installation import Installation
from benchmarks.made_up_voters import BAD_ROWS, file_of_voters
from models import ImportProblem, ImportStatus, RollEntry, RollImport, Voter, db, transaction
from services import elections, roll_import
from services.actor import Actor
from services.clock import utc_now
from services.roll_import import Upload
from services.roll_import.copying import copy_rows
from services.voters import VoterEntries, create_voter

MOST_SECONDS = 60.0
MOST_MB = 300.0
ORM_SAMPLE = 300
WAIT_SECONDS = 900


class Worker:
    """A worker process and the largest memory that any of them had."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self.peak_mb = 0.0
        self.process: subprocess.Popen[bytes] = installation.start_worker()

    def look(self) -> None:
        """Note the peak of the resident memory, which Linux keeps itself."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return
        peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), "0 0")
        self.peak_mb = max(self.peak_mb, int(peak.split()[1]) / 1024)

    def kill(self) -> None:
        """Kill it as a power cut would, and start another one."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = self._installation.start_worker()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voters", type=int, default=100_000)
    parser.add_argument("--each", type=int, default=20, help="rows of each kind of bad rows")
    parser.add_argument("--kill", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sv-import-") as folder:
        installation = Installation(Path(folder), "fake")
        try:
            with installation.prepare().app_context():
                return run(installation, asked.voters, asked.each, asked.kill)
        finally:
            installation.stop()


def run(installation: Installation, voters: int, each: int, kill: bool) -> int:
    lines, kinds = [], Counter[str]()
    expected: dict[int, str] = {}
    for number, (row, kind) in enumerate(file_of_voters(voters, each), 1):
        lines.append(row)
        if kind:
            kinds[kind] += 1
            expected[number] = kind
    content = "\r\n".join(lines).encode()
    print(f"File: {len(lines) - 1:,} rows, {len(content) / 2**20:.1f} MB, {len(kinds)} kinds of bad rows")
    job_id, election_id = take_in(content)
    worker = Worker(installation)
    start_up = wait(job_id, worker, lambda job: job.progress > 0 or job.status is not ImportStatus.CHECKING)
    checking = wait(job_id, worker, lambda job: job.status is not ImportStatus.CHECKING, kill)
    found = report(job_id, expected)
    with transaction():
        roll_import.start(job_id, "update", "skip", Actor("admin", name="benchmark"))
    importing = wait(job_id, worker, lambda job: job.status is not ImportStatus.IMPORTING, kill)
    worker.look()
    return say(job_id, election_id, voters, found, (start_up, checking, importing), worker.peak_mb, kill)


def take_in(content: bytes) -> tuple[object, int]:
    """Make an election and hand the file in; return the ids of import and election."""
    actor = Actor("admin", name="benchmark")
    with transaction():
        election = elections.create_election(
            title="Benchmark", opens_at=utc_now(), closes_at=utc_now() + timedelta(days=1), actor=actor
        )
        job = roll_import.take_in(Upload("members.csv", content), election, actor)
    return job.id, election.id


def wait(job_id: object, worker: Worker, over: Callable[[RollImport], bool], kill: bool = False) -> float:
    """Return the seconds until `over`; kill the worker once in between on demand."""
    began = time.monotonic()
    while time.monotonic() - began < WAIT_SECONDS:
        db.session.rollback()
        job = db.session.get_one(RollImport, job_id, populate_existing=True)
        if over(job):
            return time.monotonic() - began
        if kill and job.total and job.progress > job.total // 3:
            print(f"  kill -9 at {job.progress:,} of {job.total:,} rows")
            worker.kill()
            kill = False
        worker.look()
        time.sleep(0.05)
    raise TimeoutError(f"Still {job.status} after {WAIT_SECONDS} s")


def report(job_id: object, expected: dict[int, str]) -> int:
    """Print what the report says about each kind; return how many bad rows it names."""
    rows = db.session.execute(select(ImportProblem.line, ImportProblem.why).where(ImportProblem.import_id == job_id))
    reported = {row.line: row.why for row in rows}
    said: dict[str, Counter[str]] = {kind: Counter() for kind in BAD_ROWS}
    for line, kind in expected.items():
        said[kind][reported.get(line, "NOT REPORTED")] += 1
    print(f"\nReport: {len(reported):,} bad rows, expected {len(expected):,}")
    for kind, words in said.items():
        (why, count) = words.most_common(1)[0]
        print(f"  {kind:38} {sum(words.values()):4}  {why[:110]}" + ("" if count == sum(words.values()) else " …"))
    wrong = sorted(set(reported) ^ set(expected))
    if wrong:
        print(f"  NOT AS EXPECTED: lines {wrong[:10]}")
    return len(expected) if not wrong else -1


def say(
    job_id: object, election_id: int, voters: int, found: int, seconds: tuple[float, float, float], peak: float,
    killed: bool,
) -> int:  # fmt: skip
    db.session.rollback()
    job = db.session.get_one(RollImport, job_id, populate_existing=True)
    start_up, checking, importing = seconds
    total = checking + importing
    registered = db.session.scalar(select(func.count()).select_from(Voter))
    on_roll = db.session.scalar(select(func.count()).where(RollEntry.election_id == election_id))
    orm, copy = orm_baseline(), copy_baseline(voters)
    print(f"\nState {job.status.value}, {registered:,} voters, {on_roll:,} on the roll, {job.counts}")
    print(f"Worker starts and finds the file   {start_up:8.1f} s")
    print(f"Reading, checking, comparing       {checking:8.1f} s")
    print(f"Importing                          {importing:8.1f} s")
    print(f"Both                               {total:8.1f} s   bound {MOST_SECONDS:.0f} s")
    print(f"Peak memory of the worker          {peak:8.0f} MB  bound {MOST_MB:.0f} MB")
    print(f"One voter by the session (ORM)     {orm * voters:8.1f} s   for {voters:,}, from {ORM_SAMPLE}: "
          f"the import takes {total / (orm * voters):.2f} of it")  # fmt: skip
    print(f"Plain COPY without index or check  {copy:8.1f} s   the import takes {total / copy:.1f} times as long")
    whole = job.status is ImportStatus.DONE and registered == on_roll == voters and found > 0
    in_time = killed or total < MOST_SECONDS
    print("\nEverything holds." if whole and in_time and peak < MOST_MB else "\nNOT EVERYTHING HOLDS.")
    return 0 if whole and in_time and peak < MOST_MB else 1


def orm_baseline() -> float:
    """Return the seconds that one voter takes through the service that the desk's form uses; rolled back."""
    began = time.monotonic()
    for number in range(ORM_SAMPLE):
        entries = VoterEntries(name="Otto Baseline", email=f"baseline{number}@mail.example", dob="1980-05-17")
        create_voter(entries, Actor("admin", name="benchmark"))
    took = time.monotonic() - began
    db.session.rollback()
    return took / ORM_SAMPLE


def copy_baseline(voters: int) -> float:
    """Return the seconds of a bare COPY of as many ready rows."""
    rows = [(n, "20481730", f"member{n}@union.example", "Amal Haddad", "1984-05-19") for n in range(voters)]
    began = time.monotonic()
    db.session.execute(text("CREATE TEMP TABLE bare (id int, voter_id text, email text, name text, dob date)"))
    copy_rows("bare", ("id", "voter_id", "email", "name", "dob"), rows)
    took = time.monotonic() - began
    db.session.rollback()
    return took


if __name__ == "__main__":
    sys.exit(main())
