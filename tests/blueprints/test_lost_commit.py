"""The database goes away between COMMIT and its answer: nobody is told that it was not saved; a repeat counts once."""

import psycopg2
import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError

from models import Vote, db
from models.base import CommitLost, transaction
from services import database_errors
from tests.support.links import link_election, send_links
from tests.support.voting import new_key, voters_of


@pytest.fixture
def election(app):
    return link_election(voters=1)


@pytest.fixture
def token(election):
    return send_links(election)[voters_of(election)[0].id]


def lose_next_answer(monkeypatch):
    """Let the next commit be carried out and its answer be lost."""
    commit = db.session.commit

    def lost():
        monkeypatch.setattr(db.session, "commit", commit)
        commit()
        raise OperationalError("COMMIT", {}, psycopg2.OperationalError("server closed the connection unexpectedly"))

    monkeypatch.setattr(db.session, "commit", lost)


def votes(election):
    return len(db.session.scalars(select(Vote).where(Vote.election_id == election.id)).all())


def test_a_voter_whose_commit_got_lost_is_told_to_send_again_and_then_gets_the_receipt(
    client, election, token, monkeypatch
):
    client.get(f"/vote?token={token}")
    form = {"choice": f"{election.candidates[0].id:012d}", "step": "cast", "idempotency_key": new_key()}
    lose_next_answer(monkeypatch)
    unknown = client.post("/vote", data=form)
    assert (unknown.status_code, unknown.headers["Retry-After"]) == (503, "5")
    assert "load this page once more" in unknown.text
    assert "not saved" not in unknown.text
    again = client.post("/vote", data=form)
    assert (again.status_code, votes(election)) == (200, 1)


def test_a_program_whose_commit_got_lost_gets_a_code_of_its_own_and_then_the_first_answer(
    client, election, token, monkeypatch
):
    vote = {"token": token, "choice": "nota"}
    headers = {"Idempotency-Key": new_key()}
    lose_next_answer(monkeypatch)
    unknown = client.post("/api/v1/voting/cast", json=vote, headers=headers)
    assert (unknown.status_code, unknown.json["code"]) == (503, "outcome_unknown")
    again = client.post("/api/v1/voting/cast", json=vote, headers=headers)
    assert (again.status_code, bool(again.json["receipt"]), votes(election)) == (200, True, 1)


def test_who_only_read_is_told_that_the_system_is_not_ready(client, token, monkeypatch):
    client.get(f"/vote?token={token}")
    lose_next_answer(monkeypatch)
    page = client.get("/vote")
    assert page.status_code == 503
    assert "The answer got lost" not in page.text


@pytest.mark.parametrize(
    ("error", "unknown"),
    [
        (OperationalError("COMMIT", {}, psycopg2.OperationalError("server closed the connection unexpectedly")), True),
        (IntegrityError("COMMIT", {}, psycopg2.errors.lookup("23514")("a deferred constraint")), False),
    ],
)
def test_only_a_lost_line_makes_the_outcome_of_a_commit_unknown(app, monkeypatch, error, unknown):
    def fail():
        raise error

    monkeypatch.setattr(type(error.orig), "pgcode", None if unknown else "23514", raising=False)
    monkeypatch.setattr(db.session, "commit", fail)
    with pytest.raises(CommitLost if unknown else IntegrityError) as raised, transaction():
        pass
    assert database_errors.outcome_is_unknown(raised.value) is unknown
