"""The database as attacker: what the web role may not do, and what nobody may do."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import Candidate, db, use_role
from services.ballots import Choice
from tests.factories import make_open_election, make_recorded_election
from tests.support.voting import cast_by, seal_all, voters_of

FORBIDDEN_TO_WEB = [
    "SELECT * FROM ballot_box",
    "SELECT count(*) FROM ballots",
    "SELECT * FROM spoiled_ballots",
    "INSERT INTO ballot_box (election_id, ballot_length, sealed_payload) SELECT id, ballot_length, '' FROM elections",
    "INSERT INTO ballots (election_id, payload) SELECT id, '{}' FROM elections",
    "UPDATE ballot_box SET sealed_payload = ''",
    "DELETE FROM ballot_box",
    "TRUNCATE ballot_box",
    "DELETE FROM ballots",
    "INSERT INTO votes (election_id, secrecy, voter_id, audit_ref, channel, idempotency_hash)"
    " SELECT election_id, 'secret', voter_id, 'x', 'booth', '' FROM roll_entries",
    "DELETE FROM votes",
    "UPDATE roll_entries SET has_voted = true",
    "UPDATE tallies SET count = count + 1",
    "DELETE FROM audit_logs",
    "UPDATE audit_logs SET actor = 'somebody'",
    "SELECT seal_ballots(1, '{}', '{}', '{}', '{}')",
    "SET session_replication_role = replica",
    "ALTER TABLE votes DISABLE TRIGGER ALL",
    "CREATE TABLE mine (id int)",
]
REFUSED_TO_EVERYBODY = [
    "UPDATE votes SET channel = 'link'",
    "DELETE FROM votes",
    "TRUNCATE votes CASCADE",
    "UPDATE ballot_box SET sealed_payload = sealed_payload",
    "UPDATE audit_logs SET actor = 'somebody'",
    "DELETE FROM audit_logs",
    "UPDATE roll_entries SET has_voted = false",
    "INSERT INTO roll_entries (election_id, voter_id, has_voted) SELECT election_id, voter_id, true FROM roll_entries",
    "UPDATE elections SET title = 'Another'",
    "UPDATE elections SET status = 'draft'",
    "UPDATE elections SET status = 'archived'",
    "DELETE FROM elections",
    "UPDATE candidates SET name = name || '!'",
    "UPDATE parties SET name = name || '!'",
    "DELETE FROM candidates",
]
UNBALANCED = [
    "DELETE FROM ballot_box",
    "INSERT INTO ballot_box (election_id, ballot_length, sealed_payload)"
    " SELECT election_id, ballot_length, sealed_payload FROM ballot_box",
    "INSERT INTO votes (election_id, secrecy, voter_id, audit_ref, channel, idempotency_hash)"
    " SELECT election_id, 'secret', voter_id, 'x', 'booth', 'x' FROM roll_entries WHERE NOT has_voted LIMIT 1",
]


@pytest.fixture
def voted(app):
    election = make_open_election(voters=2)
    cast_by(voters_of(election)[0], election, Choice(nota=True))
    settle()
    return election


def settle():
    """Do the checks that wait for the commit, as a real commit would."""
    db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    db.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    db.session.commit()


@pytest.mark.parametrize("statement", FORBIDDEN_TO_WEB)
def test_the_web_role_may_not(voted, statement):
    with pytest.raises(DBAPIError) as refusal:
        db.session.execute(text(statement))
    assert refusal.value.orig.pgcode == "42501", refusal.value


@pytest.mark.parametrize("statement", REFUSED_TO_EVERYBODY)
def test_even_the_owner_is_refused(voted, statement):
    with use_role("owner"), pytest.raises(DBAPIError) as refusal:
        db.session.execute(text(statement))
    assert refusal.value.orig.pgcode in ("SV001", "SV002"), refusal.value


@pytest.mark.parametrize("statement", UNBALANCED)
def test_a_box_that_does_not_balance_is_refused_at_commit(voted, statement):
    with use_role("owner"), pytest.raises(DBAPIError) as refusal:  # noqa: PT012 (either may refuse)
        db.session.execute(text(statement))
        db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    assert refusal.value.orig.pgcode == "SV013"


def test_a_sealed_ballot_cannot_be_changed(voted):
    from services import elections
    from services.actor import SYSTEM

    elections.close_election(voted, SYSTEM)
    db.session.commit()
    assert seal_all() == 1
    settle()
    for statement in ("UPDATE ballots SET seq = 9", "DELETE FROM ballots", "TRUNCATE ballots CASCADE"):
        with use_role("owner"), pytest.raises(DBAPIError) as refusal:
            db.session.execute(text(statement))
        assert refusal.value.orig.pgcode == "SV002"


def test_a_secret_vote_cannot_hold_a_choice(voted):
    candidate = db.session.query(Candidate).filter_by(election_id=voted.id).first().id
    with use_role("owner"), pytest.raises(DBAPIError) as refusal:
        db.session.execute(
            text(
                "INSERT INTO votes (election_id, secrecy, voter_id, audit_ref, channel, idempotency_hash, candidate_id)"
                " SELECT election_id, 'secret', voter_id, 'x', 'booth', 'x', :candidate FROM roll_entries"
                " WHERE NOT has_voted"
            ),
            {"candidate": candidate},
        )
    assert refusal.value.orig.diag.constraint_name == "ck_votes_secret_holds_no_choice"


def test_a_recorded_election_has_no_box(app):
    election_id = make_recorded_election().id
    with use_role("owner"), pytest.raises(DBAPIError):
        db.session.execute(
            text("INSERT INTO ballot_box (election_id, ballot_length, sealed_payload) VALUES (:id, 1, 'x')"),
            {"id": election_id},
        )


def test_a_choice_never_reaches_the_database_of_a_secret_election(voted):
    voter = voters_of(voted)[1]
    with pytest.raises(DBAPIError) as refusal:
        db.session.execute(
            text("SELECT cast_ballot(:e, :v, 'r', 'booth', 'i', :d, :s, ARRAY[1]::bigint[], false)"),
            {"e": voted.id, "v": voter.id, "d": voted.definition_hash, "s": b"x" * voted.ballot_length},
        )
    assert refusal.value.orig.pgcode == "SV012"
