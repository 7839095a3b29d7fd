"""Searching the audit log: filters, pages by keyset, words in bounded stretches, exports."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import nacl.pwhash
import pytest

from models import AuditLog, db
from services import audit_logger, audit_trail, sealed_file
from services.actor import SYSTEM, Actor
from services.audit_trail import Filters, searching
from services.clock import utc_now
from services.errors import ValidationFailed
from tests import factories
from tests.support.checkins import tamper

ADA = Actor("admin", 1, "Ada")


@pytest.fixture
def rows(app):
    election = factories.ElectionFactory()
    for number in range(5):
        audit_logger.record("staff:party:created", SYSTEM, name=f"Party {number}", subject_id=number)
        db.session.flush()
    audit_logger.record("staff:election:created", ADA, election_id=election.id, title="Harbour 100% Trust")
    db.session.commit()
    return election


def found(filters=None, **more):
    page = audit_trail.search(filters or Filters(**more))
    return [row.event_type.split(":")[1] for row in page.rows]


def test_pages_go_on_below_the_last_row(rows):
    first = audit_trail.search(Filters(), limit=4)
    second = audit_trail.search(Filters(), first.next_before, limit=4)
    numbers = [row.id for row in first.rows + second.rows]
    assert numbers == sorted(numbers, reverse=True)
    assert (len(first.rows), len(second.rows), second.next_before) == (4, 2, None)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"actor": "Ada"}, ["election"]),
        ({"kind": "party"}, ["party"] * 5),
        ({"kind": "staff:election:created"}, ["election"]),
        ({"kind": "nothing"}, []),
        ({"words": "100% trust"}, ["election"]),
        ({"words": "100_"}, []),
        ({"elections": ()}, ["party"] * 5),
    ],
)
def test_a_filter_shows_what_it_says(rows, more, expected):
    assert found(**more) == expected


def test_an_election_and_days_can_be_chosen(rows):
    assert found(election_id=rows.id) == ["election"]
    assert len(found(since=utc_now() - timedelta(hours=1), until=utc_now() + timedelta(hours=1))) == 6
    assert found(until=utc_now() - timedelta(hours=1)) == []
    assert found(since=utc_now() + timedelta(hours=1)) == []


def test_words_are_looked_for_in_a_bounded_stretch_and_the_next_page_goes_on(rows, monkeypatch):
    monkeypatch.setattr(searching, "STRETCH", 3)
    first = audit_trail.search(Filters(words="Party 0"))
    assert (first.rows, first.reached is None) == ([], False)
    second = audit_trail.search(Filters(words="Party 0"), first.next_before)
    assert [row.details["name"] for row in second.rows] == ["Party 0"]


def test_who_stands_in_the_log_is_found_by_hops(rows):
    assert audit_trail.actors() == ["Ada", "system"]


def test_a_page_of_a_long_log_costs_no_more_than_of_a_short_one(rows):
    """The plan, not the clock: no page reads the whole table."""
    tamper(
        "INSERT INTO audit_logs (event_type, actor, details, created_at) SELECT 'kiosk:vote:cast', 'Booth 1', '{}',"
        " now() - n * interval '1 second' FROM generate_series(1, 20000) n",
        "ANALYZE audit_logs",
    )
    for filters in (Filters(), Filters(kind="election"), Filters(actor="Ada"), Filters(election_id=rows.id)):
        query = searching._narrowed(filters, 10_000_000).limit(51)
        compiled = query.compile(db.engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join(db.session.scalars(db.text(f"EXPLAIN {compiled}")))
        assert "Seq Scan" not in plan, plan


def test_the_csv_neutralises_formulas_and_stands_in_the_log(rows):
    audit_logger.record("staff:party:created", ADA, name="=cmd()", subject_id=1)
    lines = b"".join(audit_trail.csv_lines(Filters(actor="Ada"), ADA)).decode()
    listed = list(csv.DictReader(io.StringIO(lines)))
    assert [row["event"] for row in listed][-1] == "staff:election:created"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in listed for cell in row.values() if cell)
    assert db.session.query(AuditLog).filter_by(event_type="staff:audit:exported").one().details == {"kind": "csv"}


def test_the_encrypted_export_opens_with_its_passphrase_only(rows, monkeypatch):
    monkeypatch.setattr(sealed_file, "OPSLIMIT", nacl.pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(sealed_file, "MEMLIMIT", nacl.pwhash.argon2id.MEMLIMIT_MIN)
    file = audit_trail.sealed_export(Filters(), "four words by dice", ADA)
    assert b"Harbour" not in file
    assert json.loads(file)["name"] == "audit-log.csv"
    assert b"Harbour 100% Trust" in sealed_file.open_sealed(file, "four words by dice")
    for wrong, passphrase in ((file, "five words by dice"), (file[:-20], "four words by dice"), (b"[]", "x")):
        with pytest.raises(ValidationFailed):
            sealed_file.open_sealed(wrong, passphrase)
    with pytest.raises(ValidationFailed):
        audit_trail.sealed_export(Filters(), "short", ADA)
