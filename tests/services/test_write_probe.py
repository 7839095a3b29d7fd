"""The database is asked whether it can write. On a full disk: `python -m deploy.cluster.failures database-full`."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from models import db
from services import health, write_probe


class _Full(Exception):
    pgcode = "53100"


class FullDatabase:
    """A connection to a database that can read, and lays nothing down."""

    def __enter__(self) -> FullDatabase:
        return self

    def __exit__(self, *_how: object) -> None:
        return None

    connect = __enter__

    def scalar(self, _statement: Any) -> str:
        return "off"

    def execute(self, statement: Any) -> None:
        raise OperationalError(str(statement), {}, _Full())


@pytest.fixture
def connection(app):
    with db.engines[None].connect() as connection:
        yield connection


@pytest.fixture
def probed_anew(monkeypatch):
    monkeypatch.setattr(write_probe, "_kept", write_probe._Kept())


def test_a_database_with_room_is_no_trouble(connection):
    assert write_probe.probe(connection) is None


def test_the_probe_lays_a_megabyte_down_on_the_disk_and_changes_no_row(connection):
    connection.execute(write_probe._PLACE)
    plan = connection.scalars(text(f"EXPLAIN (ANALYZE, BUFFERS) {write_probe._WRITE.text}")).all()
    blocks = [int(found[1]) for line in plan if (found := re.search(r"temp (?:read=\d+ )?written=(\d+)", line))]
    assert max(blocks) >= 128, plan
    assert connection.scalar(text("SELECT pg_current_xact_id_if_assigned()")) is None


def test_a_full_disk_is_not_ready_and_that_is_asked_once_in_some_seconds(client, probed_anew, monkeypatch):
    asked: list[int] = []

    def full(_connection: Any) -> str | None:
        asked.append(1)
        return original(FullDatabase())

    original = write_probe.probe
    monkeypatch.setattr(write_probe, "probe", full)
    monkeypatch.setattr(write_probe, "KEPT_SECONDS", 3600.0)
    answers = [client.get("/ops/health/ready") for _once in range(3)]
    assert [answer.status_code for answer in answers] == [503] * 3
    assert answers[0].json["problems"] == [write_probe.FULL]
    assert len(asked) == 1


def test_a_database_that_only_reads_is_not_ready(connection):
    connection.execute(text("SET TRANSACTION READ ONLY"))
    assert write_probe.probe(connection) == write_probe.READ_ONLY


def test_an_error_that_says_nothing_about_the_disk_is_no_trouble(monkeypatch, caplog):
    monkeypatch.setattr(_Full, "pgcode", "57014")
    assert write_probe.probe(FullDatabase()) is None
    assert "could not be found out: _Full" in caplog.text


def test_little_room_for_pictures_is_a_warning_and_ballots_go_on(app, monkeypatch):
    monkeypatch.setattr(health.disk, "is_low", lambda: True)
    found = health.readiness()
    assert found.ok
    assert any(line.startswith("Below DISK_FLOOR_MB=") for line in found.warnings)
