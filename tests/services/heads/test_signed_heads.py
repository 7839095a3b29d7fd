"""When heads are signed, what they say, and what a head finds when the tables were changed behind it."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from models import AuditBlock, HeadKind, SignedHead, db, use_role
from services import elections, hashing, heads
from services.actor import SYSTEM
from services.ballots import Choice
from services.clock import utc_now
from services.context import platform
from tests.factories import make_open_election, make_recorded_election
from tests.support.voting import as_attacker, cast_by, seal_all, voters_of

AUDIT, BALLOTS = HeadKind


def sign():
    """Sign what is due as the worker does; return (kind, closing, height) of each new head."""
    with use_role("sealer"):
        made = [(head.kind, head.closing, head.height) for head in heads.sign_due_heads()]
        db.session.commit()
    return made


def close(election):
    elections.close_election(reload(election), SYSTEM)
    db.session.commit()


def reload(election):
    return elections.get_election(inspect(election).identity[0])


def stored(kind):
    return list(db.session.scalars(select(SignedHead).where(SignedHead.kind == kind).order_by(SignedHead.id)))


def faults():
    with use_role("results"):
        return [heads.check_head(head) for head in db.session.scalars(select(SignedHead).order_by(SignedHead.id))]


@pytest.fixture
def election(app):
    election = make_open_election(candidates=2, voters=3)
    for voter in voters_of(election):
        cast_by(voter, election, Choice((election.candidates[0].id,)))
    return election


def test_an_open_election_has_a_head_of_its_definition_and_one_of_the_audit_log(election):
    assert [kind for kind, _closing, _height in sign()] == [BALLOTS, AUDIT]

    definition, audit = stored(BALLOTS)[0], stored(AUDIT)[0]
    assert (definition.height, definition.head_hash) == (0, reload(election).definition_hash)
    block = db.session.get(AuditBlock, audit.height)
    assert audit.head_hash == block.block_hash
    assert faults() == [None, None]


def test_heads_are_signed_every_few_minutes_and_never_twice_for_the_same(election):
    sign()
    assert sign() == []
    with time_machine.travel(utc_now() + timedelta(minutes=5, seconds=1)):
        assert sign() == []
        db.session.execute(text("INSERT INTO audit_logs (event_type, actor) VALUES ('system:test:more', 'test')"))
        db.session.commit()
        assert sign() == [(AUDIT, False, 2)]


def test_closing_heads_wait_for_the_last_ballot_and_come_once(election):
    sign()
    close(election)
    assert sign() == []
    seal_all()

    assert [(kind, closing) for kind, closing, _height in sign()] == [(BALLOTS, True), (AUDIT, True)]
    assert sign() == []
    ballots_head, audit_head = heads.heads_of(reload(election))[-2:]
    assert (ballots_head.kind, ballots_head.height) == (BALLOTS, 3)
    assert (audit_head.kind, audit_head.election_id) == (AUDIT, ballots_head.election_id)
    assert set(faults()) == {None}


def test_a_recorded_election_ends_with_a_head_of_the_audit_log(app):
    election = make_recorded_election()
    sign()
    close(election)
    assert [(kind, closing) for kind, closing, _height in sign()] == [(AUDIT, True)]
    assert heads.heads_of(reload(election))[-1].closing


def test_nothing_is_signed_when_no_election_is_active(app):
    db.session.execute(text("INSERT INTO audit_logs (event_type, actor) VALUES ('system:test:more', 'test')"))
    assert sign() == []


def test_the_signature_is_over_what_the_documentation_says(election):
    sign()
    head = stored(BALLOTS)[0]
    public_id = str(reload(election).public_id)
    digest = hashing.head_hash("ballots", public_id, False, 0, head.head_hash, head.made_at)
    platform().keyring.verify_key.verify(b"smart-voting/head/1\0" + digest, head.signature)
    assert heads.as_document(head)["election"] == public_id
    assert heads.as_document(head)["key"] == platform().keyring.fingerprints()["signing"]


@pytest.mark.parametrize(
    ("attack", "found"),
    [
        ("UPDATE signed_heads SET height = height + 1", "The signature does not fit this fingerprint."),
        ("UPDATE signed_heads SET key_fingerprint = 'other'", "signed with a key that is not this installation's"),
        ("UPDATE ballots SET ballot_hash = sha256('x') WHERE seq = 3", "The records have changed since"),
        ("DELETE FROM ballots WHERE seq = 3", "The records have changed since"),
    ],
)
def test_a_change_behind_a_head_is_found(election, attack, found):
    close(election)
    seal_all()
    sign()
    as_attacker(attack)
    assert found in str(faults()[0])


def test_newest_heads_are_one_of_the_log_and_one_of_each_election(election):
    other = make_open_election()
    sign()
    close(election)
    seal_all()
    sign()
    newest = heads.newest_heads()
    assert [head.kind for head in newest] == [AUDIT, BALLOTS, BALLOTS]
    assert [(head.election_id, head.closing) for head in newest[1:]] == [
        (inspect(other).identity[0], False),
        (inspect(election).identity[0], True),
    ]


def test_a_signed_head_takes_a_time_stamp_once_and_nothing_else(election):
    sign()
    with use_role("sealer"):
        whole = "timestamp_token = 'stamp', stamped_at = now(), stamped_by = 'Clock'"
        db.session.execute(text(f"UPDATE signed_heads SET {whole}"))
        db.session.commit()
    for statement in (
        "UPDATE signed_heads SET timestamp_token = 'other'",
        "UPDATE signed_heads SET stamped_at = now() - interval '1 day'",
        "DELETE FROM signed_heads",
    ):
        with use_role("owner"), pytest.raises(DBAPIError) as refusal:
            db.session.execute(text(statement))
        assert refusal.value.orig.pgcode == "SV002"
