"""What an attacker carries away: a dump, the data directory, the write-ahead log."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from models import db, use_role
from services import elections
from services.actor import SYSTEM
from services.embedded_postgres import program
from services.secrecy_audit import Sources, State, disk, wal
from services.secrecy_audit.dump import dump
from services.secrecy_audit.target import look_at
from tests.services.secrecy_audit.conftest import VOTERS
from tests.support.voting import seal_all

pytestmark = pytest.mark.commits


@pytest.fixture(scope="module")
def dumped(voted, tmp_path_factory):
    """Give dumps of the database, plain and in the custom format."""
    url = make_url(voted.app.config["SQLALCHEMY_BINDS"]["owner"]["url"])
    place = {"PGHOST": url.host, "PGPORT": str(url.port), "PGUSER": url.username, "PGPASSWORD": url.password}
    folder = tmp_path_factory.mktemp("dumps")
    for form in ("plain", "custom"):
        command = [str(program("pg_dump")), f"--format={form}", "--data-only", "-f", str(folder / form), url.database]
        subprocess.run(command, check=True, env={**os.environ, **place}, stderr=subprocess.DEVNULL)
    return folder


def change(dumped, tmp_path, table, edit):
    """Write a copy of the plain dump with the rows of one table edited."""
    words, changed = (dumped / "plain").read_text(), tmp_path / "changed"
    block = re.search(rf"COPY public\.{table} \(.*?\n\\\.\n", words, re.DOTALL).group()
    head, *lines = block.split("\n")[:-2]
    changed.write_text(words.replace(block, "\n".join([*edit(head, lines), "\\.\n"])))
    return Sources(dump=changed)


@pytest.mark.parametrize("form", ["plain", "custom"])
def test_a_dump_of_an_honest_election_gives_nothing_away(attacked, dumped, form):
    finding = attacked(dump, sources=Sources(dump=dumped / form))
    assert finding.state is State.CLEAN
    assert finding.said[-1][1]["count"] > 3 * VOTERS


def test_a_dump_with_a_choice_beside_a_voter_is_found(attacked, dumped, tmp_path, voted, planted):
    with planted():
        name = look_at(elections.get_election(voted.counted), Sources()).choices.popitem()[1]
    place = ":vote:cast"

    def spoilt(line):
        return re.sub('"channel": "(booth|link)"', f'"note": "{name}"', line) if place in line else line

    sources = change(dumped, tmp_path, "audit_logs_first", lambda head, lines: [head, *map(spoilt, lines)])
    assert attacked(dump, sources=sources).linked == VOTERS


def test_a_dump_with_receipts_in_another_order_is_found(attacked, dumped, tmp_path):
    def mixed(head, lines):
        return [head, *sorted(lines, key=lambda line: line[::-1])]

    assert attacked(dump, sources=change(dumped, tmp_path, "ballot_receipts", mixed)).linked == VOTERS


def test_a_dump_with_a_time_beside_the_ballots_is_found(attacked, dumped, tmp_path):
    def timed(head, lines):
        return [head.replace(")", ", at)"), *(f"{line}\t2026-01-01" for line in lines)]

    assert attacked(dump, sources=change(dumped, tmp_path, "ballots", timed)).linked == VOTERS


@pytest.fixture
def kept_log(voted, postgres, tmp_path):
    """Give a function that collects the segments of the write-ahead log since the first of the votes."""

    def collect():
        folder = tmp_path / "wal"
        folder.mkdir()
        with use_role("owner"):
            last = db.session.scalar(text("SELECT pg_walfile_name(pg_switch_wal())"))  # writes what waits in memory
        for path in (postgres.base / "data" / "pg_wal").iterdir():
            if voted.first_segment <= path.name <= last and len(path.name) == len(last):
                (folder / path.name).symlink_to(path)
        return Sources(wal=folder)

    return collect


def let_the_log_move_on():
    """Fill segments and take a checkpoint, as a busy server does: it clears away what no slot holds."""
    with db.engines["owner"].connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(2):
            connection.execute(text("SELECT pg_switch_wal()"))
            connection.execute(text("CHECKPOINT"))


@pytest.fixture
def reader(voted):
    """Let somebody read all the while, as a backup does: until then PostgreSQL clears no deleted row away."""
    with db.engines["owner"].connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("SELECT count(*) FROM votes"))
        yield


def test_the_log_and_the_deleted_rows_of_an_honest_election_give_nothing_away(
    attacked, kept_log, postgres, voted, reader
):
    elections.close_election(elections.get_election(voted.running), SYSTEM)
    db.session.commit()
    assert seal_all() == VOTERS // 2
    let_the_log_move_on()

    log = attacked(wal.write_ahead_log, running=True, sources=kept_log())
    on_disk = attacked(disk.dead_rows, running=True)
    copied = attacked(disk.data_directory, running=True, sources=Sources(data_directory=postgres.base / "data"))

    assert (log.state, on_disk.state, copied.state) == (State.CLEAN, State.CLEAN, State.CLEAN)
    assert log.said[-1][1]["count"] > 4 * VOTERS
    assert dict(on_disk.said)["looked_box"] == dict(copied.said)["looked_box"] == {"count": 20, "dead": 20}


def test_a_deleted_note_of_a_choice_is_found_on_the_disk_and_in_the_log(attacked, voted, postgres, kept_log, reader):
    with use_role("owner"):
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        where = "WHERE voter_id = (SELECT voter_id FROM votes WHERE election_id = :id ORDER BY id LIMIT 1)"
        name = "(SELECT name FROM candidates WHERE election_id = :id ORDER BY id LIMIT 1)"
        db.session.execute(
            text(f"INSERT INTO votes SELECT (jsonb_populate_record(v, jsonb_build_object('id', -1, 'voter_id', -1,"
                 f" 'audit_ref', v.audit_ref || ' ' || {name}, 'idempotency_hash', '\\x00'))).* FROM votes v {where}"
                 " AND v.election_id = :id"), {"id": voted.counted})  # fmt: skip
        db.session.commit()
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        db.session.execute(text("DELETE FROM votes WHERE id = -1"))
        db.session.commit()

    assert attacked(wal.write_ahead_log, sources=kept_log()).linked == 1
    assert attacked(disk.dead_rows).linked == 1
    assert attacked(disk.data_directory, sources=Sources(data_directory=postgres.base / "data")).linked == 1
