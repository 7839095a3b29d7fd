"""Acceptance 6: the request that carries the choice appears in no log file, no SQL, no row and no address."""

from __future__ import annotations

import logging
import secrets
import time
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from models import Candidate, db, use_role
from services import elections, kiosks
from services.actor import SYSTEM
from services.ballots import receipts
from tests import factories
from tests.support import database, voting

PUBLIC_TABLES = frozenset({"candidates", "elections", "parties"})
"""They hold the names of everybody who stands, whoever is chosen."""
LOUD = ("log_statement = 'all'", "log_min_duration_statement = 0", "log_min_error_statement = 'error'",
        "log_error_verbosity = 'verbose'", "log_parameter_max_length = -1",
        "log_parameter_max_length_on_error = -1")  # fmt: skip


def server_log():
    # Only where the logs lie: beside them other tests remove databases, and a folder that goes while it is read raises.
    data = database.SERVER_FOLDER / "data"
    return "\n".join(path.read_text(errors="replace") for path in [*sorted(data.glob("log/*.log")), data / "start.log"])


def wait_for(*marks):
    """Return what the server wrote, once all of it is there; its collector is a process of its own, late when busy."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        written = server_log()
        if all(mark in written for mark in marks):
            return written
        time.sleep(0.1)
    pytest.fail(f"The server's log never said {marks}")


def log_up_to_now():
    """Return what the server wrote up to a statement of this moment."""
    word = f"end of this test {secrets.token_hex(8)}"
    db.session.execute(text("SELECT :word"), {"word": word})
    db.session.commit()
    return wait_for(word)


@pytest.fixture
def loud_app(make_committing_app):
    """An application that logs all it can."""
    app = make_committing_app(LOG_LEVEL="DEBUG")
    with app.app_context():
        yield app


@pytest.fixture
def booth(loud_app):
    """An open secret election, a kiosk with an identified voter, and the candidate who will be chosen.

    Names and numbers are like no others, so that they are found in a log which other tests share. From the end of
    this fixture on the database writes every statement with its values into that log.
    """
    with use_role("owner"):
        db.session.execute(text("SELECT setval('candidates_id_seq', :id)"), {"id": 10**15 + secrets.randbelow(10**15)})
        db.session.commit()
    election = factories.ElectionFactory()
    for _ in range(2):
        factories.CandidateFactory(election=election, name=f"Candidate {secrets.token_hex(8)}")
    voter = factories.RollEntryFactory(election=election).voter
    elections.open_election(election, SYSTEM)
    kiosk, token = kiosks.open_kiosk(election, factories.StaffUserFactory(), SYSTEM)
    db.session.commit()
    voting.make_pass(election, voter, kiosk)
    chosen = db.session.scalars(select(Candidate).order_by(Candidate.id)).first()
    client = loud_app.test_client()
    with client.session_transaction() as session:
        session["kiosk"] = token
    found = SimpleNamespace(
        client=client, number=voter.voter_id, election=election.public_id, choice=chosen.id, name=chosen.name
    )
    write_everything()
    return found


def write_everything():
    with use_role("owner"):
        name = db.session.scalar(text("SELECT current_database()"))
        for setting in LOUD:
            db.session.execute(text(f'ALTER DATABASE "{name}" SET {setting}'))
        db.session.commit()
    for engine in db.engines.values():
        engine.dispose()


def traces(searched, hidden):
    return [name for name, value in hidden.items() if value in searched]


@pytest.mark.commits
@pytest.mark.parametrize("kind", ["json", "form", "refused"])
def test_the_choice_is_in_no_log_no_sql_no_row_and_no_file(kind, booth, loud_app, caplog):
    client, key = booth.client, voting.new_key()
    code = receipts.receipt_code(booth.election, key)
    plain = {"candidate": str(booth.choice), "name": booth.name, "key": key, "receipt": code}
    hidden = plain | {f"{name} in hex": value.encode().hex() for name, value in plain.items()}
    hidden["shown receipt"] = receipts.format_receipt(code)
    body = {"voter_id": booth.number, "choice": booth.choice, "idempotency_key": key}
    logging.getLogger("sqlalchemy.engine").setLevel(logging.INFO)  # at DEBUG it writes down what it reads
    try:
        with caplog.at_level(logging.DEBUG):
            client.get("/poll/ballot")
            if kind == "refused":
                answer = client.post("/poll/vote", json={**body, "choice": [booth.choice, booth.choice]})
                assert answer.status_code == 422
            sent = {"json": body} if kind != "form" else {"data": {**body, "choice": str(booth.choice)}}
            answer = client.post("/poll/vote", **sent)
            again = client.post("/poll/vote", **sent)
    finally:
        logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)

    assert (answer.status_code, again.status_code) == (200, 200)
    assert all(group in answer.text for group in hidden["shown receipt"].split())
    sql = log_up_to_now()
    assert "cast_ballot(" in sql
    assert "INSERT INTO audit_logs" in sql
    assert traces(sql, hidden) == []
    assert "cast_ballot" in caplog.text
    assert traces(caplog.text, hidden) == []
    assert answer.request.query_string == b""
    assert traces(answer.request.url, hidden) == []
    assert rows_with(hidden) == []
    assert files_with(loud_app, hidden) == []


def rows_with(hidden):
    found = []
    with use_role("owner"):
        for table in sorted(set(db.metadata.tables) - PUBLIC_TABLES):
            for row in db.session.scalars(text(f'SELECT t::text FROM "{table}" t')):
                found += [(table, name) for name in traces(row, hidden)]
    return found


def files_with(app, hidden):
    settings = app.extensions["platform"].settings
    found = []
    for folder in (settings.var_folder, settings.upload_folder, settings.log_folder):
        for path in folder.rglob("*"):
            if path.is_file():
                found += [(path.name, name) for name in traces(path.read_bytes().decode("latin-1"), hidden)]
    return found


@pytest.mark.commits
def test_the_probe_finds_a_choice_that_is_written(booth):
    """Without this the test above would also pass on a server that logs nothing."""
    word = f"planted {booth.choice}"
    db.session.execute(text("SELECT :choice"), {"choice": word})
    db.session.commit()
    assert word in wait_for(word)


@pytest.mark.commits
def test_the_servers_own_log_holds_no_statement_as_it_is_set_up(make_committing_app):
    app, word = make_committing_app(), f"planted_{secrets.token_hex(8)}"
    with app.app_context():
        with pytest.raises(DBAPIError):
            db.session.execute(text("SELECT CAST(:word AS integer) AS planted_statement"), {"word": word})
        db.session.rollback()
    assert "planted_statement" not in wait_for(f'invalid input syntax for type integer: "{word}"')
