"""500 votes spread 95:5, attacked by the owner of the database with everything that lies about: 0 may be linked.

    .venv/bin/python -m benchmarks.secrecy_attack [--votes 500]

Real casts and a real sealing, committed, on a database of its own; payloads of different length before padding (a
name, two names, none of the above). Attacked during voting and after closing, each time with a dump, a copy of the data
directory, the write-ahead log and the server's log files; once more knowing a tenth of the votes, as an attacker who
asked around. Then, as a baseline, with the choice noted beside five voters: these five have to be found. Exit code 1
when a ballot is linked, an attack could not look, or the planted ones are not found.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url

from app import create_app
from models import Election, Method, Voter, db, transaction, use_role
from services import ballots, elections, secrecy_audit
from services.actor import SYSTEM, Actor
from services.ballots import Choice
from services.embedded_postgres import EmbeddedPostgres, program
from services.secrecy_audit import Report, Sources
from tests import factories
from tests.support import database
from tests.support.voting import KIOSK, make_kiosk, make_pass, new_key, seal_all, voters_of

OPERATOR = Actor(role="operator", name="operator")
MINORITY = 0.05
KNOWN = 0.1
PLANTED = 5


class Place:
    """The server, its database, and a folder for what the attacker carries away."""

    def __init__(self, postgres: EmbeddedPostgres, owner_url: str, folder: Path) -> None:
        self.postgres, self.owner, self.folder = postgres, make_url(owner_url), folder

    def sources(self, name: str, known: Path | None = None) -> Sources:
        """Carry a dump, the data directory, the write-ahead log and the logs away, as they are now."""
        with use_role("owner"):
            db.session.execute(text("CHECKPOINT"))
            db.session.commit()
        dump, copy = self.folder / f"{name}.dump", self.folder / name
        place = {"PGHOST": self.owner.host, "PGPORT": str(self.owner.port), "PGUSER": self.owner.username,
                 "PGPASSWORD": self.owner.password}  # fmt: skip
        command = [str(program("pg_dump")), "--data-only", "-f", str(dump), self.owner.database]
        subprocess.run(command, check=True, env={**os.environ, **place}, stderr=subprocess.DEVNULL)
        shutil.copytree(self.postgres.base / "data", copy, symlinks=True, ignore_dangling_symlinks=True)
        logs = tuple(sorted(path for path in copy.rglob("*.log") if path.is_file()))
        return Sources(dump=dump, data_directory=copy, wal=copy / "pg_wal", logs=logs, known=known)


def cast_all(number: int, choices: dict[int, Choice]) -> None:
    """Let each voter cast, one commit a voter, in the order given."""
    kiosk = make_kiosk(db.session.get_one(Election, number))
    for voter_id, choice in choices.items():
        election, voter = db.session.get_one(Election, number), db.session.get_one(Voter, voter_id)
        outcome = ballots.cast_with_pass(make_pass(election, voter, kiosk), choice, new_key(), KIOSK)
        assert outcome.kind == "cast", outcome
        db.session.commit()


def attack(number: int, sources: Sources, words: str) -> Report:
    """Attack, print what was looked at, and return the report."""
    began = time.monotonic()
    with use_role("owner"), transaction():
        report = secrecy_audit.attack(db.session.get_one(Election, number), sources, OPERATOR)
    print(f"\n{words}: {report.linked} ballots linked, {time.monotonic() - began:.1f} s")
    for finding in report.findings:
        said = " ".join(secrecy_audit.say(code, values) for code, values in finding.said)
        print(f"  {finding.state.value:12} {secrecy_audit.ATTACKS[finding.attack]}: {said}")
    return report


def run(place: Place, votes: int) -> int:
    election = factories.make_open_election(candidates=3, voters=votes, method=Method.APPROVAL, max_choices=2)
    number, chance = election.id, random.Random(95)
    first, second, third = (candidate.id for candidate in election.candidates)
    few = [Choice((second, third)), Choice(nota=True)]
    kinds = [Choice((first,)) if share >= MINORITY * votes else few[share % 2] for share in range(votes)]
    chance.shuffle(kinds)
    voters = {voter.id: voter.voter_id for voter in voters_of(election)}
    choices = dict(zip(voters, kinds, strict=True))
    half = votes * 3 // 5
    cast_all(number, dict(list(choices.items())[:half]))
    during = attack(number, place.sources("during"), f"During voting, {half} votes cast")
    cast_all(number, dict(list(choices.items())[half:]))
    with transaction():
        elections.close_election(db.session.get_one(Election, number), SYSTEM)
    assert seal_all() == votes
    known = _known(place, number, voters, choices, chance)
    after = attack(number, place.sources("after", known), f"After closing, {votes} votes, {KNOWN:.0%} of them known")
    _plant(number)
    planted = attack(number, Sources(), "Baseline: the choice noted beside five voters")
    clean = all(not report.linked and not report.exposed and not report.blind for report in (during, after))
    words = "Nothing was linked" if clean else "LINKED, OR NOT LOOKED"
    print(f"\n{words}; planted: {planted.linked} of {PLANTED} found.")
    return int(not clean or planted.linked != PLANTED)


def _known(
    place: Place, number: int, voters: dict[int, str], choices: dict[int, Choice], chance: random.Random
) -> Path:
    """Write down some votes as the attacker learnt them: voter ID, choice by name."""
    names = {choice["id"]: choice["name"] for choice in ballots.choices_of(db.session.get_one(Election, number))}
    single = [one for one, choice in choices.items() if len(choice.candidates) == 1]
    file = place.folder / "known.csv"
    with file.open("w", newline="") as lines:
        write = csv.writer(lines)
        write.writerows([voters[one], names[choices[one].candidates[0]]]
                        for one in chance.sample(single, int(KNOWN * len(voters))))  # fmt: skip
    return file


def _plant(number: int) -> None:
    with use_role("owner"), transaction():
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        db.session.execute(
            text("INSERT INTO audit_logs (event_type, actor, election_id, details, created_at)"
                 " SELECT 'kiosk:vote:noted', 'somebody', v.election_id, jsonb_build_object('voter', p.voter_id,"
                 " 'choice', (SELECT name FROM candidates WHERE election_id = :id ORDER BY id LIMIT 1)),"
                 " clock_timestamp()"
                 " FROM votes v JOIN voters p ON p.id = v.voter_id WHERE v.election_id = :id LIMIT :planted"),
            {"id": number, "planted": PLANTED},
        )  # fmt: skip


def main() -> int:
    """Make a database of its own and attack it; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--votes", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sv-attack-") as name:
        folder = Path(name)
        (folder / "postgres").mkdir()
        postgres = EmbeddedPostgres(folder / "postgres", fast=True)
        postgres.ensure()
        try:
            with database.cloned_database(postgres, database.migrated_template(postgres, folder)) as urls:
                app = create_app(settings=database.test_settings(urls, folder))
                with app.app_context():
                    try:
                        owner = app.config["SQLALCHEMY_BINDS"]["owner"]["url"]
                        return run(Place(postgres, owner, folder), options.votes)
                    finally:
                        db.session.remove()
                        for engine in db.engines.values():
                            engine.dispose()
        finally:
            postgres.stop()


if __name__ == "__main__":
    sys.exit(main())
