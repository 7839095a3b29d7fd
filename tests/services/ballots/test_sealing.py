import json

import pytest
from nacl.bindings import crypto_box_SEALBYTES, sodium_pad
from nacl.public import PublicKey, SealedBox
from sqlalchemy import func, inspect, select, text

from models import AuditLog, Ballot, BallotReceipt, BoxBallot, EmailMessage, Kiosk, SpoiledBallot, Voter, db, use_role
from services import ballots, box_keys, elections, hashing
from services.actor import SYSTEM
from services.ballots import Choice, payload
from services.context import platform
from services.errors import Conflict
from services.security import KeyringError
from tests.factories import make_open_election
from tests.support.voting import KIOSK, as_attacker, cast_by, make_kiosk, make_pass, new_key, seal_all, voters_of


@pytest.fixture
def election(app):
    return make_open_election(candidates=3, voters=6)


def vote_all(election):
    """Cast 3 for the first, 2 for the second, one for none of the above; return the receipts."""
    first, second, _third = election.candidates
    choices = [Choice((first.id,))] * 3 + [Choice((second.id,))] * 2 + [Choice(nota=True)]
    return [
        cast_by(voter, election, choice).receipt for voter, choice in zip(voters_of(election), choices, strict=True)
    ]


def reload(election):
    """Return the election in the present session: changing the database role ended the last one."""
    return elections.get_election(inspect(election).identity[0])


def close(election):
    elections.close_election(election, SYSTEM)
    db.session.commit()


def read_as_sealer(statement):
    with use_role("sealer"):
        return list(db.session.execute(statement))


def test_closing_seals_every_ballot_and_counts_it(election):
    receipts = vote_all(election)
    close(election)

    assert seal_all() == 6

    election = reload(election)
    first, second, third = election.candidates
    counts = ballots.counts(election)
    assert counts.per_candidate == {first.id: 3, second.id: 2}
    assert third.id not in counts.per_candidate
    assert (counts.nota, counts.total, counts.box, counts.spoiled, counts.votes) == (1, 6, 0, 0, 6)
    listed = set(db.session.scalars(select(BallotReceipt.code)))
    assert listed == {receipt.replace(" ", "") for receipt in receipts}


def test_an_active_election_is_not_sealed(election):
    vote_all(election)

    assert seal_all() == 0
    counts = ballots.counts(reload(election))
    assert (counts.box, counts.per_candidate) == (6, {})


def test_the_chain_starts_at_the_definition_and_can_be_redone_by_hand(election):
    vote_all(election)
    close(election)
    seal_all()

    election = reload(election)
    previous, public_id = election.definition_hash, str(election.public_id)
    rows = read_as_sealer(
        select(Ballot.seq, Ballot.payload, Ballot.previous_hash, Ballot.ballot_hash).order_by(Ballot.seq)
    )
    for place, (seq, content, previous_hash, ballot_hash) in enumerate(rows, start=1):
        assert (seq, bytes(previous_hash)) == (place, previous)
        assert bytes(ballot_hash) == hashing.ballot_hash(public_id, seq, previous, content)
        previous = bytes(ballot_hash)
    assert len(rows) == 6


def test_ballots_are_shuffled_and_receipts_stand_in_an_order_of_their_own(app):
    orders = set()
    for _ in range(6):
        election = make_open_election(candidates=3, voters=6)
        election_id, receipts = election.id, vote_all(election)
        close(election)
        seal_all()
        rows = read_as_sealer(select(Ballot.payload).where(Ballot.election_id == election_id).order_by(Ballot.seq))
        orders.add(str([row.payload["nota"] for row in rows]))
        stored = read_as_sealer(
            text(f"SELECT code FROM ballot_receipts WHERE election_id = {election_id} ORDER BY ctid")
        )
        assert [code for (code,) in stored] == sorted(receipt.replace(" ", "") for receipt in receipts)
    assert len(orders) > 1


def test_all_ciphertexts_have_one_length(election):
    vote_all(election)

    lengths = {len(row.sealed_payload) for row in read_as_sealer(select(BoxBallot.sealed_payload))}
    assert lengths == {reload(election).ballot_length}


def test_stuffed_and_swapped_ballots_are_set_aside_and_alerted(election):
    vote_all(election)
    election_id = election.id
    forged = payload.seal(election, Choice((election.candidates[2].id,)), "A" * 26, b"not the cast key")
    as_attacker(
        "UPDATE ballot_box SET sealed_payload = :forged WHERE id = (SELECT min(id::text)::uuid FROM ballot_box)",
        "INSERT INTO ballot_box (election_id, ballot_length, sealed_payload)"
        " VALUES (:id, (SELECT ballot_length FROM elections WHERE id = :id), :forged)",
        "INSERT INTO ballot_box (election_id, ballot_length, sealed_payload)"
        " SELECT election_id, ballot_length, sealed_payload FROM ballot_box WHERE sealed_payload <> :forged LIMIT 1",
        "INSERT INTO ballot_box (election_id, ballot_length, sealed_payload)"
        " SELECT id, ballot_length, decode(repeat('00', ballot_length::int), 'hex') FROM elections WHERE id = :id",
        id=election_id,
        forged=forged,
    )
    close(reload(election))

    assert seal_all() == 5

    reasons = sorted(row.reason for row in read_as_sealer(select(SpoiledBallot.reason)))
    assert reasons == [
        "cannot be decrypted",
        "is a copy of another ballot",
        "was not made by this installation",
        "was not made by this installation",
    ]
    election = reload(election)
    assert election.candidates[2].id not in ballots.counts(election).per_candidate
    assert db.session.scalar(select(EmailMessage).where(EmailMessage.subject.contains("4 ballots")))


def test_ballots_that_the_owner_of_the_database_spelt_strangely_stop_no_sealing(election):
    """Everybody who reads the box's public key can encrypt what they like to it; the MAC they can only make up."""
    vote_all(election)
    said = {"format": "ballot/1", "election": str(election.public_id), "ballot": "0", "receipt": "A" * 26, "mac": "0"}
    said |= {"candidates": [election.candidates[0].id], "nota": False}
    strange = [
        {**said, "mac": 5}, {**said, "mac": "é"}, {**said, "receipt": "\ud800"}, {**said, "receipt": {"code": 1}},
        {**said, "ballot": {"\ud800": 0.5}}, [said],
    ]  # fmt: skip
    box, size = SealedBox(PublicKey(election.box_public_key)), election.ballot_length - crypto_box_SEALBYTES
    for content in strange:
        as_attacker(
            "INSERT INTO ballot_box (election_id, ballot_length, sealed_payload)"
            " VALUES (:id, (SELECT ballot_length FROM elections WHERE id = :id), :forged)",
            id=election.id, forged=bytes(box.encrypt(sodium_pad(json.dumps(content).encode(), size))),
        )  # fmt: skip
        election = reload(election)
    close(election)

    assert seal_all() == 6
    assert len(read_as_sealer(select(SpoiledBallot.reason))) == len(strange)


def test_a_ballot_of_another_election_is_set_aside(app):
    here, there = make_open_election(voters=1), make_open_election(voters=1)
    cast_by(voters_of(there)[0], there, Choice(nota=True))
    ids = {"here": here.id, "there": there.id}
    cast_by(voters_of(here)[0], here, Choice(nota=True))
    as_attacker(
        "UPDATE ballot_box SET sealed_payload = (SELECT sealed_payload FROM ballot_box WHERE election_id = :there)"
        " WHERE election_id = :here",
        **ids,
    )
    close(elections.get_election(ids["here"]))

    seal_all()

    counts = ballots.counts(elections.get_election(ids["here"]))
    assert (counts.sealed, counts.spoiled) == (0, 1)


def test_a_failed_sealing_repeats_the_same_batch(election, monkeypatch):
    vote_all(election)
    close(election)

    def fail(*args):
        raise KeyringError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("services.ballots.sealing._open_members", fail)
        with pytest.raises(KeyringError):
            seal_all()
    chosen = read_as_sealer(text("SELECT batch_id, box_id FROM seal_batch_members ORDER BY box_id"))
    assert len(chosen) == 6
    assert seal_all() == 6
    assert read_as_sealer(text("SELECT count(*) FROM seal_batches"))[0][0] == 1


def test_a_live_batch_is_sealed_when_twice_as_many_wait(app):
    election = make_open_election(voters=101, live_batch=50)
    election_id, kiosk_id = election.id, make_kiosk(election).id
    voter_ids = [voter.id for voter in voters_of(election)]

    def cast(voter_id):
        election, kiosk = elections.get_election(election_id), db.session.get_one(Kiosk, kiosk_id)
        voter = db.session.get_one(Voter, voter_id)
        ballots.cast_with_pass(make_pass(election, voter, kiosk), Choice(nota=True), new_key(), KIOSK)
        db.session.commit()

    for voter_id in voter_ids[:99]:
        cast(voter_id)
    assert seal_all() == 0
    for voter_id in voter_ids[99:]:
        cast(voter_id)

    assert seal_all() == 50
    assert ballots.counts(elections.get_election(election_id)).box == 51


def test_a_wrong_box_key_stops_sealing(election):
    vote_all(election)
    close(election)
    public_id = election.public_id
    platform().keyring.destroy_box_key(public_id)
    platform().keyring.create_box_key(public_id)

    with pytest.raises(KeyringError):
        seal_all()


def test_the_key_of_a_counted_election_is_destroyed_with_a_certificate_and_old_backups_stay_shut(election):
    vote_all(election)
    old_backup = [bytes(row.sealed_payload) for row in read_as_sealer(select(BoxBallot.sealed_payload))]
    election = reload(election)
    copy = box_keys.recovery_copy(election, "a long passphrase", SYSTEM)
    with pytest.raises(Conflict):
        box_keys.destroy(election, SYSTEM)
    close(election)
    seal_all()
    election = reload(election)

    certificate = box_keys.destroy(election, SYSTEM)
    db.session.commit()

    assert election.box_public_key.hex() in certificate
    assert db.session.scalar(select(AuditLog).where(AuditLog.event_type == "staff:box_key:destroyed"))
    with pytest.raises(KeyringError):
        platform().keyring.box_key(election.public_id)
    with pytest.raises(Conflict):
        box_keys.restore_from_copy(election, copy, "a long passphrase", SYSTEM)
    other = make_open_election()
    opened = 0
    for ciphertext in old_backup:
        try:
            payload.unseal(election, ciphertext, platform().keyring.box_key(other.public_id), b"")
            opened += 1
        except payload.UnreadableBallot:
            pass
    assert (len(old_backup), opened) == (6, 0)


def test_a_lost_box_key_comes_back_from_its_recovery_copy(election):
    vote_all(election)
    copy = box_keys.recovery_copy(election, "a long passphrase", SYSTEM)
    platform().keyring.destroy_box_key(election.public_id)

    box_keys.restore_from_copy(election, copy, "a long passphrase", SYSTEM)
    close(election)

    assert seal_all() == 6
    assert db.session.scalar(select(func.count()).select_from(BallotReceipt)) == 6
