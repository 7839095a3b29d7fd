"""The owner of the database asks the worker to open few ballots: it opens what it chose itself, or everything."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from models import Ballot, BoxBallot, Election, ResultsPolicy, SealBatch, db, transaction, use_role
from services import ballots, elections
from services.actor import SYSTEM
from services.ballots import Choice
from services.ballots.sealing import choose_batch
from services.ballots.signed_seals import ChainChanged
from services.context import platform
from tests.factories import make_open_election
from tests.support.voting import as_attacker, cast_by, seal_all, voters_of

PLANT = (
    "INSERT INTO seal_batches (election_id, final) VALUES (:id, {final})",
    "INSERT INTO seal_batch_members (batch_id, box_id) SELECT (SELECT max(id) FROM seal_batches), id FROM ballot_box"
    " WHERE election_id = :id ORDER BY id LIMIT {size}",
)
CLOSE = "UPDATE elections SET status = 'closed', closed_at = clock_timestamp() WHERE id = :id"


def plant(number, size, final=False):
    as_attacker(*(line.format(size=size, final=final) for line in PLANT), id=number)


def box_and_chain(number):
    with use_role("sealer"):
        return tuple(
            db.session.scalar(select(func.count()).where(table.election_id == number)) for table in (BoxBallot, Ballot)
        )


def refused():
    with use_role("sealer"), pytest.raises(ChainChanged) as refusal:
        ballots.seal_due(transaction)
    db.session.remove()
    return str(refusal.value)


@pytest.fixture
def number(app):
    """An election that is counted after closing; four have voted."""
    election = make_open_election(candidates=2, voters=5)
    for voter in voters_of(election)[:4]:
        cast_by(voter, election, Choice((election.candidates[0].id,)))
    return election.id


@pytest.mark.parametrize(("size", "final"), [(1, False), (1, True), (4, True), (3, False)])
def test_a_planted_batch_of_an_open_election_is_not_opened(number, size, final):
    plant(number, size, final)
    problem = "nobody closed it" if final else "not those that the worker chose"
    assert problem in refused()
    assert box_and_chain(number) == (4, 0)


def test_an_election_that_was_closed_by_hand_in_the_table_is_not_opened(number):
    as_attacker(CLOSE, id=number)
    assert "nobody closed it" in refused()
    assert box_and_chain(number) == (4, 0)


def test_a_planted_batch_of_a_closed_election_is_not_opened(number):
    with transaction():
        elections.close_election(db.session.get_one(Election, number), SYSTEM)
    plant(number, 1, final=True)
    assert "not all of those in the box" in refused()
    assert box_and_chain(number) == (4, 0)


def test_what_was_closed_early_by_the_commission_is_sealed(number):
    with transaction():
        elections.close_election(db.session.get_one(Election, number), SYSTEM)
    seal_all()
    assert box_and_chain(number) == (0, 4)
    assert db.session.query(SealBatch).count() == 1


LATER = "UPDATE elections SET closed_at = closed_at - interval '1 hour' WHERE id = :id"


def test_a_signed_closing_is_of_one_moment(number):
    with transaction():
        elections.close_election(db.session.get_one(Election, number), SYSTEM)
    as_attacker(LATER, id=number)
    assert "nobody closed it" in refused()


FILL = (
    "INSERT INTO ballot_box (election_id, ballot_length, sealed_payload) SELECT id, ballot_length,"
    " substring(decode(repeat(md5(n::text), 99), 'hex') FOR ballot_length::int)"
    " FROM elections, generate_series(1, 100) AS n WHERE id = :id"
)


@pytest.fixture
def chosen(app):
    """An election that counts live, with 100 in its box, and a batch of 50 that the worker has chosen."""
    number = make_open_election(voters=1, results_policy=ResultsPolicy.LIVE, live_batch=50).id
    as_attacker(FILL, id=number)
    with use_role("sealer"), transaction():
        choose_batch(db.session.get_one(Election, number))
    return number


MEMBER = "(SELECT min(box_id::text)::uuid FROM seal_batch_members)"
OTHER = "id NOT IN (SELECT box_id FROM seal_batch_members) LIMIT 1"
SWAPS = {
    "another ballot": f"UPDATE seal_batch_members SET box_id = (SELECT id FROM ballot_box WHERE {OTHER})"
    f" WHERE box_id = {MEMBER}",
    "another ciphertext in the same row": "UPDATE ballot_box SET sealed_payload ="
    f" (SELECT sealed_payload FROM ballot_box WHERE {OTHER}) WHERE id = {MEMBER}",
    "one less": f"DELETE FROM seal_batch_members WHERE box_id = {MEMBER}",
}


@pytest.mark.parametrize("what", SWAPS)
def test_a_live_batch_is_opened_only_as_it_was_chosen(chosen, what):
    as_attacker(SWAPS[what])
    assert "not those that the worker chose" in refused()
    assert box_and_chain(chosen) == (100, 0)


def test_a_live_batch_that_was_spoiled_around_one_voter_waits_for_the_closing(chosen):
    assert "50 ballots of the batch cannot be opened" in refused()
    assert box_and_chain(chosen) == (100, 0)
    with transaction():
        elections.close_election(db.session.get_one(Election, chosen), SYSTEM)
    seal_all()
    seal_all()
    assert box_and_chain(chosen) == (0, 0)


FORGET = tuple(
    f"DELETE FROM {table} WHERE election_id = :id"
    for table in ("ballots", "ballot_receipts", "tallies", "seal_batches")
)
PUT_BACK = "INSERT INTO ballot_box SELECT :id, :election, ballot_length, :content FROM elections WHERE id = :election"


def put_back(number, copy):
    """Put the box back as it was before sealing, as an older copy of the database would."""
    as_attacker(*FORGET, id=number)
    for box_id, content in copy:
        as_attacker(
            PUT_BACK.replace("SELECT :id", "SELECT CAST(:id AS uuid)"), id=box_id, election=number, content=content
        )


@pytest.fixture
def sealed(number):
    """The same election, closed and sealed, and the copy of its box from before."""
    with use_role("sealer"):
        copy = [(str(row.id), bytes(row.sealed_payload)) for row in db.session.scalars(select(BoxBallot))]
    with transaction():
        elections.close_election(db.session.get_one(Election, number), SYSTEM)
    seal_all()
    return number, copy


def test_an_older_copy_with_one_ballot_less_is_not_opened_again(sealed):
    number, copy = sealed
    put_back(number, copy[1:])
    assert "were opened before, in other company" in refused()
    assert box_and_chain(number) == (3, 0)


def test_an_older_copy_as_it_was_is_sealed_again_also_after_a_crash_in_the_middle_of_a_line(sealed):
    number, copy = sealed
    public_id = db.session.get_one(Election, number).public_id
    file = platform().keyring.folder / "elections" / f"{public_id}.opened"
    file.write_bytes(file.read_bytes()[:-60])
    put_back(number, copy)
    seal_all()
    assert box_and_chain(number) == (0, 4)
    put_back(number, copy[1:])
    assert "were opened before" in refused()


LATE = (
    "INSERT INTO ballot_box (election_id, ballot_length, sealed_payload) SELECT id, ballot_length, :content"
    " FROM elections"
)


def test_after_the_last_ballots_no_others_are_opened(sealed):
    number, copy = sealed
    as_attacker(LATE, content=copy[0][1][::-1])
    assert "The last ballots of this election were opened already" in refused()
    assert box_and_chain(number) == (1, 4)
