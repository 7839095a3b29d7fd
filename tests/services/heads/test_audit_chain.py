"""Audit rows are chained without gaps and without a fork, whatever comes late, and no change of them goes unnoticed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from models import AuditBlock, AuditChainLink, AuditLog, db, transaction, use_role
from services import audit_logger, hashing, heads
from services.actor import SYSTEM
from services.heads import chaining, checking
from tests.support.voting import as_attacker

REFUSED = [
    "UPDATE audit_blocks SET rows = rows",
    "DELETE FROM audit_chain",
    "TRUNCATE audit_chain",
    "TRUNCATE audit_blocks CASCADE",
    "UPDATE audit_chain SET seq = seq",
]
FORBIDDEN = [
    "SELECT chain_audit_rows(10)",
    "INSERT INTO audit_chain (seq, audit_log_id, height) VALUES (1, 1, 1)",
    "INSERT INTO signed_heads (kind) VALUES ('audit')",
    "UPDATE audit_chain_marks SET chained_to = 1000",
]


def write_rows(count):
    for number in range(count):
        audit_logger.record("system:test:written", SYSTEM, count=number)
    db.session.commit()


def chain():
    with use_role("sealer"):
        chained = heads.chain_audit_rows()
        db.session.commit()
    return chained


def problems():
    with use_role("auditor" if "auditor" in db.engines else "owner"):
        return heads.audit_chain_problems()


def test_rows_enter_the_chain_once_and_the_hashes_are_those_of_the_documentation(app):
    write_rows(3)
    rows = [(row.id, row.row_hash) for row in db.session.scalars(select(AuditLog).order_by(AuditLog.id))]
    assert chain() == len(rows)
    assert chain() == 0

    block = db.session.scalars(select(AuditBlock)).one()
    assert (block.height, block.first_seq, block.rows, block.previous_hash) == (1, 1, len(rows), bytes(32))
    assert block.root == hashing.audit_block_root(rows)
    assert block.block_hash == hashing.audit_block_hash(1, 1, len(rows), block.root, bytes(32), block.made_at)
    assert problems() == []


def test_a_block_follows_from_the_one_before(app, monkeypatch):
    monkeypatch.setattr(chaining, "BLOCK_ROWS", 2)
    write_rows(5)
    chain()

    first, second, *_more = db.session.scalars(select(AuditBlock).order_by(AuditBlock.height))
    assert (second.height, second.first_seq, second.previous_hash) == (2, 3, first.block_hash)
    assert problems() == []


@pytest.mark.parametrize(
    ("attack", "found"),
    [
        ("UPDATE audit_logs SET actor = 'somebody' WHERE id = {last}", "Audit row {last} was changed."),
        ("DELETE FROM audit_logs WHERE id = {last}", "Audit row {last} is missing."),
        ("DELETE FROM audit_chain WHERE audit_log_id = {last}", "1 audit row is not chained."),
        ("DELETE FROM audit_blocks WHERE height = 2", "Audit block 2 is missing."),
        ("UPDATE audit_blocks SET made_at = made_at + interval '1 day' WHERE height = 2", "Audit block 2 does not"),
    ],
)
def test_an_owner_who_switches_the_triggers_off_is_found(app, monkeypatch, attack, found):
    monkeypatch.setattr(chaining, "BLOCK_ROWS", 3)
    write_rows(6)
    chain()
    last = db.session.scalar(select(AuditChainLink.audit_log_id).where(AuditChainLink.seq == 6))
    as_attacker(attack.format(last=last))
    # A row that was written this minute may still wait for the worker.
    monkeypatch.setattr(checking, "CHAINED_WITHIN", timedelta(0))

    assert any(problem.startswith(found.format(last=last)) for problem in problems()), problems()


@pytest.mark.parametrize("statement", REFUSED)
def test_a_chain_is_append_only_for_everybody(app, statement):
    write_rows(1)
    chain()
    with use_role("owner"), pytest.raises(DBAPIError) as refusal:
        db.session.execute(text(statement))
    assert refusal.value.orig.pgcode == "SV002"


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_web_role_makes_no_chain(app, statement):
    with pytest.raises(DBAPIError) as refusal:
        db.session.execute(text(statement))
    assert refusal.value.orig.pgcode == "42501"


@pytest.mark.commits
def test_rows_that_commit_late_are_chained_and_the_mark_waits_for_them(committing_app):
    chain()
    with db.engines["owner"].connect() as slow:
        slow.execute(text("INSERT INTO audit_logs (event_type, actor) VALUES ('system:test:late', 'slow')"))
        write_rows(2)
        assert chain() == 2
        _let_a_minute_pass()
        chain()
        chain()
        assert _chained_to() == 0
        slow.commit()
    _let_all_transactions_end()
    write_rows(1)
    with use_role("sealer"):
        assert heads.chain_due(transaction) == 2
    assert _chained_to() > 0
    assert problems() == []
    write_rows(1)
    with use_role("sealer"):
        assert heads.chain_due(transaction) == 1


@pytest.mark.commits
def test_16_callers_at_once_make_one_chain(committing_app, monkeypatch):
    monkeypatch.setattr(chaining, "BLOCK_ROWS", 7)

    def work(number):
        with committing_app.app_context():
            for _ in range(10):
                if number % 2:
                    write_rows(2)
                else:
                    with use_role("sealer"):
                        heads.chain_due(transaction)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    chain()

    assert problems() == []
    places = list(db.session.scalars(select(AuditChainLink.seq).order_by(AuditChainLink.seq)))
    assert places == list(range(1, len(places) + 1))
    assert len(places) >= 160


def _let_a_minute_pass():
    with db.engines["owner"].begin() as connection:
        connection.execute(text("UPDATE audit_chain_marks SET noted_at = noted_at - interval '2 minutes'"))


def _let_all_transactions_end():
    """Those of other tests on the same server count as well, and nobody waits for them."""
    with db.engines["owner"].begin() as connection:
        connection.execute(text("UPDATE audit_chain_marks SET before_xid = 3 WHERE before_xid IS NOT NULL"))


def _chained_to():
    with db.engines["owner"].connect() as connection:
        return connection.scalar(text("SELECT chained_to FROM audit_chain_marks"))
