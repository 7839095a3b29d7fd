"""The recovery copy of a box key, and its destruction."""

from __future__ import annotations

import json

import nacl.pwhash
import pytest
from sqlalchemy import select

from models import AuditLog, db
from services import ballots, box_keys, elections, sealed_file
from services.actor import SYSTEM
from services.ballots import Choice
from services.context import platform
from services.errors import Conflict, ValidationFailed
from services.security import KeyringError
from tests import factories
from tests.support import voting

PASSPHRASE = "four words by dice"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(sealed_file, "OPSLIMIT", nacl.pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(sealed_file, "MEMLIMIT", nacl.pwhash.argon2id.MEMLIMIT_MIN)


@pytest.fixture
def copy(open_election):
    return box_keys.recovery_copy(open_election, PASSPHRASE, SYSTEM)


@pytest.fixture
def voted(open_election):
    (voter,) = voting.voters_of(open_election)
    voting.cast_by(voter, open_election, Choice(nota=True))
    return open_election


def lose_key(election):
    (platform().keyring.folder / "elections" / f"{election.public_id}.box").unlink()


def audited(event_type):
    return db.session.scalars(select(AuditLog).where(AuditLog.event_type == event_type)).all()


def test_the_work_of_guessing_a_passphrase_is_that_of_argon2id_moderate():
    import importlib

    fresh = importlib.util.module_from_spec(importlib.util.find_spec("services.sealed_file"))
    fresh.__spec__.loader.exec_module(fresh)
    assert (fresh.OPSLIMIT, fresh.MEMLIMIT) == (
        nacl.pwhash.argon2id.OPSLIMIT_MODERATE, nacl.pwhash.argon2id.MEMLIMIT_MODERATE,
    )  # fmt: skip


def test_a_copy_names_its_election_and_holds_the_key_in_no_readable_form(copy, open_election):
    content = json.loads(copy)
    key = bytes(platform().keyring.box_key(open_election.public_id))
    assert content["election"] == str(open_election.public_id)
    assert key not in copy
    assert key.hex().encode() not in copy
    assert PASSPHRASE.encode() not in copy
    assert audited("staff:box_key:copied")[0].details == {}


def test_two_copies_of_one_key_differ(copy, open_election):
    assert box_keys.recovery_copy(open_election, PASSPHRASE, SYSTEM) != copy


@pytest.mark.parametrize("passphrase", ["", "short", "eleven char"])
def test_a_short_passphrase_is_refused(passphrase, open_election):
    with pytest.raises(ValidationFailed) as refusal:
        box_keys.recovery_copy(open_election, passphrase, SYSTEM)
    assert "passphrase" in refusal.value.fields


def test_a_lost_key_comes_back_from_its_copy_and_the_box_is_sealed(voted):
    copy = box_keys.recovery_copy(voted, PASSPHRASE, SYSTEM)
    lose_key(voted)
    with pytest.raises(KeyringError):
        platform().keyring.box_key(voted.public_id)
    box_keys.restore_from_copy(voted, copy, PASSPHRASE, SYSTEM)
    elections.close_election(voted, SYSTEM)
    db.session.commit()

    assert voting.seal_all() == 1
    assert len(audited("staff:box_key:restored")) == 1


@pytest.mark.parametrize("passphrase", ["", PASSPHRASE + " ", PASSPHRASE.upper(), "another passphrase"])
def test_a_wrong_passphrase_opens_no_copy(passphrase, copy, open_election):
    lose_key(open_election)
    with pytest.raises(ValidationFailed):
        box_keys.restore_from_copy(open_election, copy, passphrase, SYSTEM)
    with pytest.raises(KeyringError):
        platform().keyring.box_key(open_election.public_id)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"null", b"7", b"\xff", b'{"salt": 1, "sealed_key": 2}', b'{"salt": "zz", "sealed_key": "zz"}',
     b'{"salt": "00", "sealed_key": "00"}', b'{"salt": null, "sealed_key": null}', b"[" * 100_000],
    ids=lambda content: repr(content[:40]),
)  # fmt: skip
def test_what_is_no_copy_is_refused_in_words(content, open_election):
    with pytest.raises(ValidationFailed, match="does not open"):
        box_keys.restore_from_copy(open_election, content, PASSPHRASE, SYSTEM)


def test_a_changed_copy_is_refused(copy, open_election):
    content = json.loads(copy)
    content["sealed_key"] = ("0" if content["sealed_key"][0] != "0" else "1") + content["sealed_key"][1:]
    with pytest.raises(ValidationFailed):
        box_keys.restore_from_copy(open_election, json.dumps(content).encode(), PASSPHRASE, SYSTEM)


def test_the_copy_of_another_election_is_refused(copy, app):
    other = factories.make_open_election()
    lose_key(other)
    with pytest.raises(ValidationFailed, match="another election"):
        box_keys.restore_from_copy(other, copy, PASSPHRASE, SYSTEM)


@pytest.mark.parametrize("make", [factories.ElectionFactory, factories.make_recorded_election])
def test_a_draft_and_a_recorded_election_have_no_key_to_copy_or_destroy(make, app):
    election = make()
    with pytest.raises(Conflict):
        box_keys.recovery_copy(election, PASSPHRASE, SYSTEM)
    with pytest.raises(Conflict):
        box_keys.destroy(election, SYSTEM)


def test_a_key_that_is_lost_is_answered_in_words(open_election):
    lose_key(open_election)
    with pytest.raises(Conflict, match="key folder"):
        box_keys.recovery_copy(open_election, PASSPHRASE, SYSTEM)


def test_the_key_stays_while_the_election_is_open_or_the_box_holds_a_ballot(voted):
    with pytest.raises(Conflict):
        box_keys.destroy(voted, SYSTEM)
    elections.close_election(voted, SYSTEM)
    db.session.commit()
    with pytest.raises(Conflict):
        box_keys.destroy(voted, SYSTEM)
    assert platform().keyring.box_key(voted.public_id)


def test_after_the_count_the_key_is_destroyed_with_a_certificate_and_no_copy_is_taken_back(voted):
    copy = box_keys.recovery_copy(voted, PASSPHRASE, SYSTEM)
    number, public = voted.id, voted.box_public_key.hex()
    elections.close_election(voted, SYSTEM)
    db.session.commit()
    voting.seal_all()
    election = elections.get_election(number)
    certificate = box_keys.destroy(election, SYSTEM)
    db.session.commit()

    assert public in certificate
    assert election.title in certificate
    assert audited("staff:box_key:destroyed")[0].details == {"fingerprint": public}
    with pytest.raises(KeyringError):
        platform().keyring.box_key(election.public_id)
    with pytest.raises(Conflict):
        box_keys.restore_from_copy(election, copy, PASSPHRASE, SYSTEM)
    for act in (box_keys.destroy, lambda *some: box_keys.recovery_copy(some[0], PASSPHRASE, SYSTEM)):
        with pytest.raises(Conflict):
            act(election, SYSTEM)
    assert ballots.counts(election).sealed == 1
