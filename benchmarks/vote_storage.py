"""How many bytes a vote leaves in the database, table by table, and in the write-ahead log.

    python -m benchmarks.vote_storage [--votes 2000]

Each vote is cast as at a booth: an attempt, a pass, the vote, the sealed ballot, the audit row and the mail; then the
worker chains and seals. Sizes are those of tables with their indexes and of long values, before minus after; voters,
roll and faces are not counted. An own database; nothing is timed. docs/scaling.md multiplies these.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from sqlalchemy import text

from app import create_app
from models import Voter, db, transaction, use_role
from services import ballots, elections, heads
from services.actor import SYSTEM
from services.ballots import Choice
from services.embedded_postgres import EmbeddedPostgres
from tests import factories
from tests.support import database
from tests.support.voting import KIOSK, make_kiosk, make_pass, new_key, seal_all, voters_of

SIZES = text(
    "SELECT split_part(relid::regclass::text, '_from_', 1), sum(pg_total_relation_size(relid))"
    " FROM pg_stat_user_tables GROUP BY 1"
)
LOG = text("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
LEAST = 1.0
"""Bytes a vote below which a table is not printed."""


def sizes() -> dict[str, int]:
    """Return the bytes of every table, and of the write-ahead log so far."""
    with use_role("owner"):
        found = {name: int(size) for name, size in db.session.execute(SIZES)}
        return found | {"write-ahead log": int(db.session.scalar(LOG))}


def cast_all(votes: int) -> None:
    """Cast one vote of each voter of a new election."""
    election = factories.make_open_election(voters=votes)
    db.session.commit()
    kiosk, choices = make_kiosk(election), [one.id for one in election.candidates]
    number, kiosk_id, voters = election.id, kiosk.id, [voter.id for voter in voters_of(election)]
    before = sizes()
    for place, voter_id in enumerate(voters):
        election, kiosk = db.session.get(type(election), number), db.session.get(type(kiosk), kiosk_id)
        voter = db.session.get(Voter, voter_id)
        made = make_pass(election, voter, kiosk)
        with transaction():
            ballots.cast_with_pass(made, Choice((choices[place % len(choices)],)), new_key(), KIOSK)
    show("cast", before, sizes(), votes)
    before = sizes()
    with transaction():
        elections.close_election(elections.get_election(number), SYSTEM)
    with use_role("sealer"):
        heads.chain_due(transaction)
    seal_all()
    show("chained and sealed", before, sizes(), votes)


def show(what: str, before: dict[str, int], after: dict[str, int], votes: int) -> None:
    """Print what grew, the largest first."""
    grown = {name: (size - before.get(name, 0)) / votes for name, size in after.items()}
    print(f"{what}: bytes a vote")
    for name, size in sorted(grown.items(), key=lambda one: -one[1]):
        if size >= LEAST:
            print(f"  {name:<24} {size:8.0f}")
    print(f"  {'tables together':<24} {sum(grown.values()) - grown['write-ahead log']:8.0f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--votes", type=int, default=2000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        database.SERVER_FOLDER.mkdir(parents=True, exist_ok=True)
        server = EmbeddedPostgres(database.SERVER_FOLDER, fast=True)
        server.ensure()
        with database.cloned_database(server, database.migrated_template(server, path)) as urls:
            app = create_app(settings=database.test_settings(urls, path))
            with app.app_context():
                cast_all(arguments.votes)
                db.session.remove()
                for engine in db.engines.values():
                    engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
