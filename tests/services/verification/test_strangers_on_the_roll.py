"""Who writes into the database puts people on an open roll, takes them off, or acts as a member of staff."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Waits

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import Election, StaffRole, db, transaction, use_role
from services import accounts, approvals, ballots, elections, rolls, verification, voting_links
from services.actor import SYSTEM, Actor
from services.ballots import Choice
from services.errors import Conflict
from services.security.passwords import hash_password
from services.voters import delete_voter
from tests.factories import (
    CandidateFactory,
    ElectionFactory,
    RollEntryFactory,
    StaffUserFactory,
    VoterFactory,
    make_open_election,
)
from tests.support.approvals import actor_of
from tests.support.links import link_election, send_links, token_of
from tests.support.voting import as_attacker, new_key, voters_of

ROLL = "The electoral roll is not the one of the audit log"
AT_CLOSING = "At closing the electoral roll was not the one of the audit log"
ATTACKER = Actor(role="anonymous", id=None, name="", ip="127.0.0.1", user_agent="pytest")
GHOST = "INSERT INTO roll_entries (election_id, voter_id) VALUES (:id, :voter)"
GONE = "DELETE FROM roll_entries WHERE election_id = :id AND voter_id = :voter"


@pytest.fixture
def number(app):
    """Give the number of an open election with three voters."""
    return make_open_election(voters=3).id


def voters(number):
    """Return the row ids of the voters on the roll."""
    return [voter.id for voter in voters_of(db.session.get_one(Election, number))]


def verify():
    with use_role("sealer"):
        return "\n".join(finding.what for finding in verification.verify_all().findings)


def attack(statement, number, voter):
    as_attacker(statement, id=number, voter=voter)
    db.session.expire_all()


def close(number):
    with transaction():
        elections.close_election(db.session.get_one(Election, number), SYSTEM)


@pytest.mark.parametrize("swapped", [False, True])
def test_a_stranger_put_on_an_open_roll_is_found_also_in_the_place_of_a_voter(number, swapped):
    ghost, voter = VoterFactory().id, voters(number)[0]
    db.session.commit()
    assert ROLL not in verify()
    attack(GHOST, number, ghost)
    if swapped:
        attack(GONE, number, voter)
    assert ROLL in verify()
    close(number)
    assert AT_CLOSING in verify()


def test_a_voter_taken_off_an_open_roll_is_found(number):
    attack(GONE, number, voters(number)[1])
    assert ROLL in verify()


def test_a_change_by_two_people_is_in_the_audit_log_and_fits(number):
    newcomer, asking, second = VoterFactory().id, actor_of(StaffUserFactory()), actor_of(StaffUserFactory())
    payload = rolls.change_payload("add", [newcomer])
    election = db.session.get_one(Election, number)
    asked = approvals.request(rolls.ROLL_CHANGE, election, payload, "Forgotten in May.", asking)
    assert approvals.confirm(asked.id, second).ok
    db.session.commit()
    assert newcomer in voters(number)
    assert ROLL not in verify()
    close(number)
    assert AT_CLOSING not in verify()


def test_what_leaves_the_roll_after_closing_does_not_change_the_roll_of_the_closing(number):
    close(number)
    attack(GONE, number, voters(number)[2])
    assert ROLL not in verify()
    assert AT_CLOSING not in verify()


GARBAGE = (
    "SELECT cast_ballot(:id, :voter, :reference, 'booth', sha256('x'), definition_hash,"
    " decode(repeat('00', ballot_length::int), 'hex'), NULL, false) FROM elections WHERE id = :id"
)


def test_who_speaks_sql_as_the_web_process_spends_a_vote_and_none_is_counted(number):
    """A hole in the web process, without its keys: somebody has voted for nobody. It does not stay hidden."""
    db.session.execute(text(GARBAGE), {"id": number, "voter": voters(number)[0], "reference": "GARBAGE"})
    db.session.commit()
    assert "1 vote is not in the audit log." in verify()
    with pytest.raises(Conflict, match="do not balance"):
        close(number)


def test_votes_by_link_are_found_in_the_audit_log(app):
    election = link_election(voters=1)
    send_links(election)
    voter = voters_of(election)[0]
    with transaction():
        right = voting_links.link_right(token_of(voter, election))
        assert ballots.cast(right, Choice(nota=True), new_key(), ATTACKER).kind == "cast"
    assert "audit log" not in verify()


def test_two_voters_never_share_a_key_and_so_no_receipt(number):
    """The clash attack: a page that gives two voters one code would let one ballot stand for both."""
    one, other = voters(number)[:2]
    db.session.execute(text(GARBAGE), {"id": number, "voter": one, "reference": "ONE"})
    with pytest.raises(DBAPIError, match="uq_votes_election_id_idempotency_hash"), db.session.begin_nested():
        db.session.execute(text(GARBAGE), {"id": number, "voter": other, "reference": "OTHER"})


def test_whoever_writes_a_password_of_their_own_is_signed_in_as_that_person(app):
    """Not prevented, and said in the threat model: the records then name a person who was not there."""
    user = StaffUserFactory(role=StaffRole.ADMIN)
    name = user.username
    as_attacker(
        "UPDATE staff_users SET password_hash = :mine WHERE id = :id", id=user.id, mine=hash_password("mine, now")
    )
    db.session.expire_all()
    assert accounts.authenticate(name, "mine, now", ATTACKER).user.username == name


@pytest.mark.commits
def test_an_election_opens_with_the_roll_as_a_change_of_the_same_moment_leaves_it(committing_app):
    """Else the change would come after opening, without a second person, and look like an attack."""
    draft = ElectionFactory()
    CandidateFactory.create_batch(2, election=draft)
    gone, _stays = (entry.voter for entry in RollEntryFactory.create_batch(2, election=draft))
    number, left = draft.id, gone.id
    db.session.commit()

    def opens():
        with committing_app.app_context(), transaction():
            elections.open_election(db.session.get_one(Election, number), SYSTEM)

    with ThreadPoolExecutor(1) as pool:
        delete_voter(left, SYSTEM)
        opening = pool.submit(opens)
        with pytest.raises(Waits):
            opening.result(timeout=1.0)
        db.session.commit()
        opening.result(timeout=120)
    db.session.expire_all()
    assert left not in voters(number)
    assert ROLL not in verify()
