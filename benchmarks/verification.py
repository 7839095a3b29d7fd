"""Verifying 1,000,000 audit rows and 200,000 sealed ballots: time and memory, beside reading the same rows only.

    .venv/bin/python -m benchmarks.verification [--rows 1000000] [--ballots 200000]

Everything is written through the database's own triggers and functions; the verification computes every hash anew in
Python. Exit 1 when it finds something in what nobody touched, or does not find one byte that was changed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, text

from benchmarks.day.installation import Installation
from models import AuditLog, Ballot, Candidate, Election, SealBatch, db, transaction, use_role
from services import elections, heads, rolls, verification
from services.actor import SYSTEM, Actor
from services.ballots import signed_seals
from services.clock import utc_now
from services.roll_import.copying import copy_rows
from services.voters import VoterQuery, check_digit_added

ACTOR = Actor("admin", name="benchmark")
FIRST_STEM = 1_000_000
MOST_MEGABYTES = 600.0

VOTES = """
INSERT INTO votes (election_id, secrecy, voter_id, audit_ref, channel, idempotency_hash)
SELECT election_id, 'secret', voter_id, 'REF' || voter_id, 'booth', sha256(voter_id::text::bytea)
  FROM roll_entries WHERE election_id = :id;
INSERT INTO audit_logs (event_type, actor, election_id, details, created_at)
SELECT 'kiosk:vote:cast', 'kiosk 1', election_id, jsonb_build_object('audit_ref', audit_ref, 'channel', 'booth'),
       clock_timestamp() FROM votes WHERE election_id = :id;
INSERT INTO ballots (election_id, payload)
SELECT :id, jsonb_build_object('candidates', jsonb_build_array(:first + place % 2), 'nota', false)
  FROM generate_series(1, :ballots) AS place;
INSERT INTO ballot_receipts (election_id, code) SELECT :id, md5(place::text) FROM generate_series(1, :ballots) AS place;
INSERT INTO tallies (election_id, choice, count, updated_at)
SELECT :id, payload -> 'candidates' ->> 0, count(*), clock_timestamp() FROM ballots WHERE election_id = :id GROUP BY 2
"""
ROWS = """
INSERT INTO audit_logs (event_type, actor, election_id, details, created_at)
SELECT 'kiosk:voter:identified', 'kiosk 1', :id,
       jsonb_build_object('voter_number', place::text, 'method', 'face', 'kiosk', 'Booth 1'), clock_timestamp()
  FROM generate_series(1, :rows) AS place
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--ballots", type=int, default=200_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sv-verify-") as folder:
        installation = Installation(Path(folder), "fake")
        try:
            with installation.prepare().app_context():
                return run(fill(asked.rows, asked.ballots))
        finally:
            installation.stop()


def fill(rows: int, ballots: int) -> int:
    """Write an election with that many votes and ballots and an audit log of `rows` rows; return its id."""
    began = time.monotonic()
    with transaction():
        stems = range(FIRST_STEM, FIRST_STEM + ballots)
        numbered = ((check_digit_added(str(stem)), f"Voter {stem}", f"v{stem}@mail.example", stem) for stem in stems)
        copy_rows("voters", ("voter_id", "name", "email", "dob", "phone"),
                  [(number, name, email, "1980-01-01", None) for number, name, email, _stem in numbered])  # fmt: skip
        now = utc_now()
        election = elections.create_election(
            title="Benchmark",
            opens_at=now,
            closes_at=now + timedelta(days=1),
            opens_without_faces=True,
            actor=ACTOR,
        )
        db.session.add_all(Candidate(election_id=election.id, name=name) for name in ("One", "Two"))
        rolls.add_found(election, VoterQuery(), ACTOR)
    with transaction():
        elections.open_election(election, SYSTEM)
    number, first = election.id, min(candidate.id for candidate in election.candidates)
    with use_role("owner"), transaction():
        db.session.execute(text(VOTES), {"id": number, "ballots": ballots, "first": first})
        db.session.execute(text(ROWS), {"id": number, "rows": max(rows - ballots, 1)})
        _sign(number, ballots)
    with use_role("sealer"):
        heads.chain_due(transaction)
        with transaction():
            heads.sign_due_heads()
        with transaction():
            heads.keep_new_heads()
    print(f"{rows:,} audit rows and {ballots:,} ballots written in {time.monotonic() - began:.0f} s")
    return number


def _sign(number: int, ballots: int) -> None:
    """Sign the chain as one sealing."""
    election = db.session.get_one(Election, number)
    batch = SealBatch(election_id=number, final=False, sealed_at=utc_now())
    db.session.add(batch)
    db.session.flush()
    signed_seals.sign(batch, election, ballots)


def run(election_id: int) -> int:
    plain, _ = timed(read)
    before = megabytes()
    seconds, findings = timed(verify)
    peak = megabytes()
    print(f"reading the rows only      {plain:8.1f} s")
    print(f"verifying                  {seconds:8.1f} s   {seconds / plain:.1f} times as long")
    more = f"{peak - before:.0f} MB more than before, bound {MOST_MEGABYTES:.0f} MB"
    print(f"memory at the peak         {peak:8.0f} MB  {more}")
    for finding in findings:
        print(f"FOUND WHERE NOBODY WROTE: {finding}")
    with use_role("owner"), transaction():
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        db.session.execute(
            text("UPDATE ballots SET payload = jsonb_set(payload, '{nota}', 'true')"
                 " WHERE election_id = :id AND seq = (SELECT max(seq) / 2 FROM ballots)"), {"id": election_id}
        )  # fmt: skip
    _, changed = timed(verify)
    print(f"after one changed ballot: {'; '.join(map(str, changed)) or 'NOTHING FOUND'}")
    return int(bool(findings) or not changed or peak > MOST_MEGABYTES)


def verify() -> list[verification.Finding]:
    with use_role("sealer"):
        return verification.verify_all().findings


def read() -> int:
    with use_role("sealer"):
        streams = (select(AuditLog.id, AuditLog.details), select(Ballot.seq, Ballot.payload))
        return sum(1 for one in streams for _row in db.session.execute(one.execution_options(yield_per=2000)))


def timed(work):
    began = time.monotonic()
    result = work()
    return time.monotonic() - began, result


def megabytes() -> float:
    """Return the most memory that this process has held (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
