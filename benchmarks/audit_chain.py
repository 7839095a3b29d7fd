"""Do blocks slow casting down, and does the chain hold under many writers? Against a trigger that reads the last hash.

    python -m benchmarks.audit_chain [--writers 16] [--casts 5000] [--rounds 2]

Each writer casts secret ballots on a connection of its own, as role web: one transaction with `cast_ballot()` and the
audit row of the vote. By turns: without blocks; with a worker that chains all the time, three seconds apart; and, for
comparison, with a table whose trigger reads the hash of its last row without a lock, as many systems do. `--casts` are
those of a writer in all rounds of one kind. Own database without fsync, so that processors and locks are measured and
not the disk. Prints casts a second of each kind, the ratio, and the rows of the comparison that share a predecessor.
Exit code 1 when the chain does not hold, a row is left out, or blocks cost more than a tenth of the casts.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from flask import Flask
from sqlalchemy import text

from app import create_app
from models import db, transaction, use_role
from services import heads
from services.embedded_postgres import EmbeddedPostgres
from tests import factories
from tests.support import database

LEAST_RATIO = 0.9
CHAIN_EVERY_SECONDS = 3.0
LAST_HASH = """
CREATE TABLE last_hash_log (id bigserial PRIMARY KEY, fact text, previous bytea, hash bytea);
CREATE FUNCTION last_hash() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT l.hash INTO NEW.previous FROM last_hash_log l ORDER BY l.id DESC LIMIT 1;
    NEW.hash := sha256(coalesce(NEW.previous, ''::bytea) || convert_to(NEW.fact, 'UTF8'));
    RETURN NEW;
END
$$;
CREATE TRIGGER last_hash BEFORE INSERT ON last_hash_log FOR EACH ROW EXECUTE FUNCTION last_hash();
GRANT SELECT, INSERT ON last_hash_log TO sv_web;
GRANT USAGE ON SEQUENCE last_hash_log_id_seq TO sv_web;
"""
CAST = "SELECT cast_ballot(%s, %s, %s, 'booth', %s, %s, %s, NULL, NULL)"
AUDIT = (
    "INSERT INTO audit_logs (event_type, actor, election_id, details) VALUES ('kiosk:vote:cast', 'Booth 1', %s, '{}')"
)


class Hall:
    """An election with a voter for each cast of one round."""

    def __init__(self, voters: int) -> None:
        election = factories.make_open_election(voters=1)
        self.id, self.length = election.id, election.ballot_length
        self.definition = bytes(election.definition_hash or b"")
        with use_role("owner"), transaction():
            fill = (
                "WITH made AS (INSERT INTO voters (voter_id, name) SELECT :id || '-' || n, 'Voter ' || n"
                " FROM generate_series(1, :voters) AS n RETURNING id)"
                " INSERT INTO roll_entries (election_id, voter_id) SELECT :id, id FROM made RETURNING voter_id"
            )
            self.voters = list(db.session.scalars(text(fill), {"id": self.id, "voters": voters}))


def round_of(hall: Hall, address: str, writers: int, *, last_hash: bool = False) -> float:
    """Cast all votes of a hall; return the seconds it took."""
    shares = [hall.voters[number::writers] for number in range(writers)]
    together = threading.Barrier(writers + 1)

    def write(voters: list[int]) -> None:
        connection = psycopg2.connect(address)
        together.wait()
        with connection.cursor() as cursor:
            for voter in voters:
                reference, payload = secrets.token_hex(8), secrets.token_bytes(hall.length or 0)
                cursor.execute(CAST, (hall.id, voter, reference, reference.encode(), hall.definition, payload))
                cursor.execute(AUDIT, (hall.id,))
                if last_hash:
                    cursor.execute("INSERT INTO last_hash_log (fact) VALUES (%s)", (reference,))
                connection.commit()
        connection.close()

    with ThreadPoolExecutor(writers) as pool:
        work = [pool.submit(write, share) for share in shares]
        together.wait()
        begun = time.perf_counter()
        for one in work:
            one.result()
    return time.perf_counter() - begun


@contextmanager
def chaining(app: Flask) -> Iterator[None]:
    """Chain as the worker does, while the block runs."""
    stop = threading.Event()

    def work() -> None:
        with app.app_context(), use_role("sealer"):
            while not stop.wait(CHAIN_EVERY_SECONDS):
                heads.chain_due(transaction)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()


def measure(app: Flask, writers: int, casts: int, rounds: int) -> int:
    """Run, print and judge; return the exit code."""
    address = app.config["SQLALCHEMY_DATABASE_URI"].replace("postgresql+psycopg2://", "postgresql://")
    with use_role("owner"), transaction():
        db.session.execute(text(LAST_HASH))
    seconds = {"without blocks": 0.0, "with blocks": 0.0, "last hash in a trigger": 0.0}
    each = casts * writers // rounds
    for _ in range(rounds):
        seconds["without blocks"] += round_of(Hall(each), address, writers)
        _chain()
        hall = Hall(each)
        with chaining(app):
            seconds["with blocks"] += round_of(hall, address, writers)
        _chain()
        seconds["last hash in a trigger"] += round_of(Hall(each), address, writers, last_hash=True)
        _chain()
    rates = {name: each * rounds / taken for name, taken in seconds.items()}
    for name, rate in rates.items():
        print(f"{name:<24} {rate:8.1f} casts a second")
    forks = "SELECT count(*), count(*) - count(DISTINCT coalesce(previous, '')) FROM last_hash_log"
    with use_role("owner"):
        logged, forked = db.session.execute(text(forks)).one()
        blocks, chained = db.session.execute(text("SELECT count(*), sum(rows) FROM audit_blocks")).one()
    print(f"last hash in a trigger: {forked} of {logged} rows share a predecessor with another one")
    begun = time.perf_counter()
    with use_role("owner"):
        problems = heads.audit_chain_problems()
    print(f"{chained} rows in {blocks} blocks, verified in {time.perf_counter() - begun:.1f} s: {problems or 'intact'}")
    ratio = rates["with blocks"] / rates["without blocks"]
    print(f"with blocks / without: {ratio:.3f} (at least {LEAST_RATIO})")
    return int(bool(problems) or ratio < LEAST_RATIO)


def _chain() -> None:
    with use_role("sealer"):
        heads.chain_due(transaction)


def main() -> int:
    """Make a database of its own and measure in it; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--casts", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    database.SERVER_FOLDER.mkdir(parents=True, exist_ok=True)
    postgres = EmbeddedPostgres(database.SERVER_FOLDER, fast=True)
    postgres.ensure()
    with tempfile.TemporaryDirectory(prefix="chain") as folder:
        template = database.migrated_template(postgres, Path(folder))
        with database.cloned_database(postgres, template) as urls:
            app = create_app(settings=database.test_settings(urls, Path(folder)))
            with app.app_context():
                try:
                    return measure(app, options.writers, options.casts, options.rounds)
                finally:
                    db.session.remove()
                    for engine in db.engines.values():
                        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
