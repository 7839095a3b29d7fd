"""The audit log in partitions: made ahead, never in the way of a row, and append-only each."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import AuditLog, db, transaction, use_role
from services import audit_logger, health, partitions
from services.actor import SYSTEM
from services.jobs import TASKS

SIZE = 10_000_000


def names() -> set[str]:
    query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_logs'::regclass"
    return set(db.session.scalars(text(query)))


def draw(number: int) -> None:
    """Let the next audit row get this number; the test puts it back, as numbers outlive a rollback."""
    with use_role("owner"):
        db.session.execute(text("SELECT setval('audit_logs_id_seq', :number, false)"), {"number": number})


@pytest.fixture
def numbers(db_session):
    last = db_session.scalar(text("SELECT nextval('audit_logs_id_seq')"))
    yield
    with use_role("owner"):
        db.session.execute(text("SELECT setval('audit_logs_id_seq', :number)"), {"number": last})


def test_the_worker_makes_partitions_ahead_and_only_those_that_are_needed(numbers):
    before = names()
    task = next(task for task in TASKS if task.name == "make-partitions")
    with use_role("sealer"):
        task.run(transaction)
    assert names() == before
    draw(15_000_000)
    with use_role("sealer"), transaction():
        assert partitions.make_ahead() == 1
    assert names() == {*before, f"audit_logs_from_{3 * SIZE}"}


def test_rows_of_all_partitions_are_one_log_and_hash_alike(numbers):
    for number in (15_000_000, 25_000_000):
        draw(number)
        audit_logger.record("system:test:more", SYSTEM)
        db.session.commit()
    rows = db.session.query(AuditLog).filter(AuditLog.id >= 15_000_000).all()
    assert [row.id for row in rows] == [15_000_000, 25_000_000]
    assert all(row.row_hash for row in rows)


def test_a_row_beyond_the_last_partition_is_kept_and_said_and_the_worker_goes_on_above_it(numbers):
    assert partitions.trouble() is None
    draw(95_000_000)
    audit_logger.record("system:test:more", SYSTEM)
    db.session.commit()
    assert any("room for 0 rows" in line for line in health.readiness().warnings)
    with use_role("sealer"), transaction():
        assert partitions.make_ahead() == 1
    assert f"audit_logs_from_{11 * SIZE}" in names()
    assert partitions.trouble() is None
    assert db.session.get(AuditLog, 95_000_000) is not None


@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET actor = 'nobody'", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("part", ["audit_logs", "audit_logs_first", "audit_logs_rest"])
def test_no_partition_lets_go_of_a_row(numbers, statement, part):
    if part == "audit_logs_rest":
        draw(95_000_000)
    audit_logger.record("system:test:more", SYSTEM)
    db.session.commit()
    with use_role("owner"), pytest.raises(DBAPIError, match="append-only"), db.session.begin_nested():
        db.session.execute(text(statement.format(part)))


@pytest.mark.parametrize("role", ["web", "sealer", "auditor"])
def test_nobody_reads_or_writes_a_partition_past_the_log(app, role):
    for statement in (
        "SELECT 1 FROM audit_logs_first",
        "INSERT INTO audit_logs_rest (event_type, actor) VALUES ('a', 'b')",
    ):
        with use_role(role), pytest.raises(DBAPIError, match="permission denied"), db.session.begin_nested():
            db.session.execute(text(statement))
