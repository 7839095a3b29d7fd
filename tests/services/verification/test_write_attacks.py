"""The owner of the database writes: each attack is refused, stops the election, or is found with its place in words."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from nacl.public import PrivateKey
from sqlalchemy import select, text

from models import AuditLog, Election, EmailMessage, SignedHead, StaffRole, db, transaction, use_role
from services import approvals, elections, heads, verification
from services.actor import SYSTEM
from services.ballots import Choice, sign_closing
from services.ballots.signed_seals import ChainChanged
from services.context import platform
from services.errors import Conflict
from services.heads.stamps import head_hash_of
from tests.factories import StaffUserFactory, make_open_election
from tests.support.approvals import actor_of
from tests.support.timestamping import Question, make_issuer, stamp_all
from tests.support.voting import as_attacker, cast_by, seal_all, voters_of

REHASH = (
    "UPDATE audit_logs SET row_hash = sha256(sv_text('audit/1') || sv_int(id) || sv_text(event_type) || sv_text(actor)"
    " || sv_int(election_id) || sv_json(details) || sv_int((extract(epoch FROM created_at) * 1000000)::bigint))"
)


@pytest.fixture
def kept(app, tmp_path, monkeypatch):
    """Keep the heads of this test in a file of its own."""
    from services.heads import witness

    monkeypatch.setattr(witness, "_file", lambda: tmp_path / "heads.jsonl")


@pytest.fixture
def election(kept):
    """Six on the roll, four have voted: three for the first candidate, one for the second."""
    election = make_open_election(candidates=3, voters=6)
    first, second, _third = election.candidates
    for voter, candidate in zip(voters_of(election), [first, first, first, second], strict=False):
        cast_by(voter, election, Choice((candidate.id,)))
    number = election.id
    sign()
    return db.session.get_one(Election, number)


@pytest.fixture
def closed(election):
    """The same election, closed, sealed and signed."""
    number = election.id
    close(number)
    seal_all()
    sign()
    return db.session.get_one(Election, number)


def close(number):
    with transaction():
        elections.close_election(db.session.get_one(Election, number), SYSTEM)


def close_unbalanced(number):
    """Close an election whose booth sheets say already that something is wrong."""
    with pytest.raises(Conflict, match="do not balance"):
        close(number)
    attack("UPDATE elections SET status = 'closed', closed_at = clock_timestamp() WHERE id = :id", id=number)
    with transaction():
        sign_closing(db.session.get_one(Election, number))


def sign():
    """Chain and sign as the worker does."""
    with use_role("sealer"):
        with transaction():
            heads.chain_audit_rows()
            heads.sign_due_heads()
        with transaction():
            heads.keep_new_heads()


def sign_again():
    """Chain what is there now, as the honest worker does after the attack."""
    with use_role("sealer"), transaction():
        heads.chain_audit_rows()


def verify():
    """Return what the verification finds, as one text; "" when all holds."""
    with use_role("sealer"):
        return "\n".join(str(finding) for finding in verification.verify_all().findings)


def attack(*statements, **values):
    as_attacker(*statements, **values)
    db.session.expire_all()


def test_an_untouched_election_is_as_it_was_signed_while_it_is_open(election):
    assert verify() == ""


def test_an_untouched_election_is_as_it_was_signed_when_it_is_over(closed):
    with use_role("sealer"):
        report = verification.verify_all()
    assert report.findings == []
    assert report.looked_at["ballots"] == report.looked_at["votes"] == 4
    assert report.looked_at["heads kept outside the database"] >= 3


STUFF_VOTE = (
    "INSERT INTO votes (election_id, secrecy, voter_id, audit_ref, channel, idempotency_hash)"
    " SELECT election_id, 'secret', voter_id, 'STUFFED', 'booth', sha256('x') FROM roll_entries"
    " WHERE election_id = :id AND NOT has_voted LIMIT 1"
)
MARK_VOTED = (
    "UPDATE roll_entries SET has_voted = true, channel = 'booth' WHERE election_id = :id AND voter_id IN"
    " (SELECT voter_id FROM votes WHERE election_id = :id)"
)
REPORT_VOTE = (
    "INSERT INTO audit_logs (event_type, actor, election_id, details, created_at) VALUES"
    ' (\'kiosk:vote:cast\', \'kiosk 1\', :id, \'{"audit_ref": "STUFFED", "channel": "booth"}\', clock_timestamp())'
)
NONE = """'{"nota"\\:true, "candidates"\\:[]}'"""
COPY_BALLOT = (
    "INSERT INTO ballot_box (election_id, ballot_length, sealed_payload)"
    " SELECT election_id, ballot_length, sealed_payload FROM ballot_box WHERE election_id = :id LIMIT 1"
)


def test_a_vote_for_an_abstainer_needs_a_ballot_and_a_copied_ballot_is_set_aside(election):
    number = election.id
    attack(STUFF_VOTE, COPY_BALLOT, MARK_VOTED, id=number)

    assert "1 vote is not in the audit log." in verify()
    close_unbalanced(number)
    seal_all()
    assert "1 ballot was set aside" in verify()


def test_a_ballot_written_into_the_chain_stops_the_sealing_alerts_and_is_found(election):
    number = election.id
    # With the database's own trigger the hash is right: only the signature of a sealing is missing.
    stuffed = f'{{"candidates": [{election.candidates[2].id}], "nota": false}}'
    with use_role("owner"):
        db.session.execute(text(STUFF_VOTE), {"id": number})
        db.session.execute(
            text("INSERT INTO ballots (election_id, payload) VALUES (:id, CAST(:stuffed AS jsonb))"),
            {"id": number, "stuffed": stuffed},
        )
        db.session.execute(text(REPORT_VOTE), {"id": number})
        db.session.commit()
    close_unbalanced(number)

    with pytest.raises(ChainChanged):
        seal_all()

    assert "Ballot 1 came into the chain without a sealing." in verify()
    assert db.session.query(EmailMessage).filter(EmailMessage.subject.contains("sealing")).count() == 1
    assert db.session.query(AuditLog).filter_by(event_type="system:ballots:stopped").count() == 1


def test_swapped_ciphertexts_are_set_aside_at_the_sealing(election):
    number = election.id
    attack(
        "UPDATE ballot_box SET sealed_payload = decode(repeat('00', ballot_length::int), 'hex') WHERE id ="
        " (SELECT min(id::text)::uuid FROM ballot_box WHERE election_id = :id)", id=number,
    )  # fmt: skip
    close(number)
    seal_all()

    assert "1 ballot was set aside" in verify()


DEFINITION_ATTACKS = {
    "own box key": ("UPDATE elections SET box_public_key = :key WHERE id = :id", "differ from the signed definition"),
    "own box key, everywhere": (
        "UPDATE elections SET box_public_key = :key,"
        " definition = replace(definition, encode(box_public_key, 'hex'), encode(:key, 'hex')) WHERE id = :id",
        "does not have the hash that was signed",
    ),
    "names of two candidates": (
        "UPDATE candidates SET name = name || '!' WHERE election_id = :id;"
        " UPDATE candidates c SET name = rtrim(o.name, '!') FROM candidates o WHERE c.election_id = :id"
        " AND o.election_id = :id AND c.id + o.id = (SELECT 2 * min(id) + 1 FROM candidates WHERE election_id = :id);"
        " UPDATE candidates SET name = rtrim(name, '!') WHERE election_id = :id",
        "differ from the signed definition",
    ),
    "live batch": ("UPDATE elections SET live_batch = 50 WHERE id = :id", "differ from the signed definition"),
    "closing time": (
        "UPDATE elections SET closes_at = closes_at + interval '1 hour' WHERE id = :id",
        "differ from the signed definition",
    ),
}


@pytest.mark.parametrize("name", DEFINITION_ATTACKS)
def test_a_changed_definition_stops_the_election_and_is_found(name, election):
    statement, words = DEFINITION_ATTACKS[name]
    number = election.id
    attack(statement, id=number, **({"key": bytes(PrivateKey.generate().public_key)} if "key" in name else {}))

    assert words in verify()
    election = db.session.get_one(Election, number)
    outcome = cast_by(voters_of(election)[5], election, Choice(nota=True))
    assert outcome.kind == "stopped"


def test_a_vote_that_disappears_with_its_ballot_is_missing_in_the_audit_log(election):
    attack(
        "DELETE FROM ballot_box WHERE id = (SELECT min(id::text)::uuid FROM ballot_box WHERE election_id = :id)",
        "UPDATE roll_entries SET has_voted = false WHERE election_id = :id AND voter_id ="
        " (SELECT min(voter_id) FROM votes WHERE election_id = :id)",
        "DELETE FROM votes WHERE election_id = :id AND voter_id ="
        " (SELECT min(voter_id) FROM votes WHERE election_id = :id)",
        id=election.id,
    )  # fmt: skip
    assert "1 vote of the audit log is missing." in verify()


def test_a_vote_that_disappears_with_its_audit_row_leaves_a_hole_in_the_chain(election):
    row = db.session.query(AuditLog).filter_by(event_type="kiosk:vote:cast", election_id=election.id).first()
    attack(
        "DELETE FROM ballot_box WHERE id = (SELECT min(id::text)::uuid FROM ballot_box WHERE election_id = :id)",
        "UPDATE roll_entries SET has_voted = false WHERE election_id = :id AND voter_id ="
        " (SELECT voter_id FROM votes WHERE audit_ref = :reference)",
        "DELETE FROM votes WHERE audit_ref = :reference",
        "DELETE FROM audit_logs WHERE id = :row",
        id=election.id, reference=row.details["audit_ref"], row=row.id,
    )  # fmt: skip
    assert f"Audit row {row.id} is missing." in verify()


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (("DELETE FROM ballots WHERE election_id = :id AND seq = 4",), "Ballot 4 was sealed and is missing."),
        (("DELETE FROM ballots WHERE election_id = :id AND seq = 2",), "Ballot 2 is missing."),
        (("UPDATE ballots SET payload = :none WHERE election_id = :id AND seq = 3",), "Ballot 3 was changed."),
        (("UPDATE tallies SET count = count + 1 WHERE election_id = :id",), "the kept count says"),
        (("DELETE FROM ballot_receipts WHERE election_id = :id",), "0 receipts are listed for 4 ballots."),
        (("UPDATE seal_batches SET head = sha256('x') WHERE election_id = :id",), "not signed with this installation"),
        (("UPDATE elections SET status = 'active', closed_at = NULL WHERE id = :id",), "closed, and is open again"),
        (("UPDATE votes SET audit_ref = audit_ref || 'X' WHERE election_id = :id",), "4 votes are not in the audit"),
    ],
)  # fmt: skip
def test_what_is_changed_after_the_sealing_is_found_with_its_place(statements, words, closed):
    attack(*(statement.replace(":none", NONE) for statement in statements), id=closed.id)
    assert words in verify()


def test_an_edited_audit_row_is_found_even_with_a_hash_that_fits(closed):
    row = db.session.query(AuditLog).filter_by(event_type="kiosk:vote:cast").first().id
    attack("UPDATE audit_logs SET actor = 'somebody else' WHERE id = :row", f"{REHASH} WHERE id = :row", row=row)
    assert "Audit block" in verify()


def test_an_audit_log_that_is_replaced_as_a_whole_is_found_by_its_signed_heads(closed):
    attack(
        "UPDATE audit_logs SET actor = 'nobody' WHERE event_type = 'kiosk:vote:cast'", REHASH,
        "DELETE FROM audit_chain", "DELETE FROM audit_blocks",
    )  # fmt: skip
    sign_again()
    assert "The records have changed since this fingerprint was signed." in verify()


def test_an_audit_log_that_is_replaced_with_its_heads_is_found_by_the_heads_kept_outside(closed):
    attack(
        "UPDATE audit_logs SET actor = 'nobody' WHERE event_type = 'kiosk:vote:cast'", REHASH,
        "DELETE FROM audit_chain", "DELETE FROM audit_blocks", "DELETE FROM signed_heads",
    )  # fmt: skip
    sign_again()
    found = verify()
    assert "Heads kept outside the database" in found
    assert "in the database it is another one" in found


def test_an_older_copy_of_the_database_is_found_by_the_heads_kept_outside(closed):
    # As it was before the sealing: no ballots, no newer blocks, no newer heads.
    attack(
        "DELETE FROM signed_heads WHERE closing", "DELETE FROM ballots WHERE election_id = :id",
        "DELETE FROM ballot_receipts WHERE election_id = :id", "DELETE FROM tallies WHERE election_id = :id",
        "DELETE FROM seal_batches WHERE election_id = :id",
        id=closed.id,
    )  # fmt: skip
    assert "ballot of election" in verify()
    assert "is missing" in verify()


def test_a_head_signed_by_another_key_is_found(closed):
    attack("UPDATE signed_heads SET signature = decode(repeat('11', 64), 'hex') WHERE closing")
    assert "The signature does not fit this fingerprint." in verify()


STAMP = "UPDATE signed_heads SET timestamp_token = {}, stamped_at = {}, stamped_by = {} WHERE id = :id"
PLANTED = {
    "a stamp of another head": (
        "(SELECT timestamp_token FROM signed_heads WHERE id = :other)", "stamped_at", "stamped_by",
        "Its time stamp is of something else.",
    ),
    "garbage": ("'no stamp'", "stamped_at", "stamped_by", "Its time stamp cannot be read."),
    "a stamp of the attacker's own authority": (
        ":mine", "stamped_at", "stamped_by",
        "Its time stamp was not signed by the authority that TIMESTAMP_CA trusts.",
    ),
    "another time beside it": (
        "timestamp_token", "stamped_at - interval '1 hour'", "stamped_by",
        "Its time stamp says another time, or another authority, than the records.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_time_stamp_is_found(election, tmp_path, monkeypatch, what):
    root, issuer = make_issuer()
    (tmp_path / "root.pem").write_bytes(root.pem)
    settings = dataclasses.replace(platform().settings, timestamp_ca=tmp_path / "root.pem")
    monkeypatch.setattr(platform(), "settings", settings)
    with use_role("sealer"), transaction():
        stamp_all(issuer)
    assert verify() == ""

    first, other = db.session.scalars(select(SignedHead).order_by(SignedHead.id))
    foreign, its_issuer = make_issuer()
    mine = dataclasses.replace(its_issuer, chain=(*its_issuer.chain, foreign))
    forged = mine.answer(Question(head_hash_of(first), 1), first.stamped_at)
    *values, sentence = PLANTED[what]
    attack(STAMP.format(*values), id=first.id, other=other.id, mine=forged)
    assert verify() == f"Signed head {first.id}: {sentence}"


def test_time_stamps_that_cannot_be_checked_are_said(election):
    with use_role("sealer"), transaction():
        stamp_all(make_issuer()[1])
    assert "TIMESTAMP_CA does not name the authority's certificate" in verify()


def extended(election):
    """Extend an open election by an hour, with its row in the audit log, and keep what was signed."""
    number, later = election.id, election.closes_at + timedelta(hours=1)
    acting = actor_of(StaffUserFactory(role=StaffRole.ADMIN))
    asked = approvals.request(approvals.EXTEND, election, {"closes_at": later.isoformat()}, "A long queue.", acting)
    assert approvals.confirm(asked.id, actor_of(StaffUserFactory(role=StaffRole.ADMIN))).ok
    db.session.commit()
    sign()
    return number


DROP_EXTENSION = (
    "UPDATE elections SET closes_at = closes_at - interval '1 hour' WHERE id = :id",
    "DELETE FROM election_extensions WHERE election_id = :id",
)


def test_the_newest_extension_dropped_with_its_time_is_found_by_the_audit_log_and_beside_the_keys(election):
    number = extended(election)
    assert verify() == ""

    attack(*DROP_EXTENSION, id=number)

    found = verify()
    assert "0 extensions are signed, the audit log has 1." in found
    assert f"extension of election {db.session.get_one(Election, number).public_id} 1 was signed" in found


def test_an_extension_dropped_with_the_whole_audit_log_and_its_heads_is_found_beside_the_keys(election):
    """Who holds database and signing key leaves nothing of it in the database."""
    number = extended(election)
    attack(
        *DROP_EXTENSION, "DELETE FROM audit_logs WHERE event_type = 'staff:election:extended'",
        "DELETE FROM audit_chain", "DELETE FROM audit_blocks", "DELETE FROM signed_heads", id=number,
    )  # fmt: skip
    sign_again()
    found = verify()
    assert "extensions are signed" not in found
    assert "extension of election" in found
