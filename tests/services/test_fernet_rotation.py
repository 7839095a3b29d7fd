"""Another Fernet key: what is encrypted for long goes over to it, is readable all the while, and the old one goes."""

from __future__ import annotations

import os
import shutil
import time
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import LargeBinary, select

from models import EmailMessage, StaffUser, VoterFace, db, transaction, use_role
from services import key_rotation
from services.actor import OPERATOR
from services.context import platform
from services.email_service.content import open_body, seal_body
from services.email_service.rendering import Body
from services.errors import Conflict
from services.face_service.sealing import open_encoding
from services.second_step import secret
from services.security import FieldCipher, Keyring
from services.storage import LocalStorage
from tests import factories
from tests.services.identification import acting

NO_TOKENS = {
    f"{table}.{column}"
    for table, columns in {
        "api_requests": "key_hash said_hash", "api_tokens": "token_hash",
        "attendance_attempts": "nonce", "devices": "fingerprint public_key",
        "audit_blocks": "block_hash previous_hash root", "audit_logs": "row_hash", "ballot_box": "sealed_payload",
        "ballots": "ballot_hash previous_hash", "election_extensions": "signature",
        "elections": "box_public_key closing_signature definition_hash definition_signature",
        "face_erasures": "signature", "head_subscriptions": "token_hash", "kiosks": "token_hash",
        "one_time_codes": "ticket_hash code_hash", "password_resets": "token_hash",
        "recovery_codes": "code_hash", "seal_batches": "choice_signature head signature",
        "signed_heads": "head_hash signature timestamp_token", "spoiled_ballots": "sealed_payload",
        "staff_links": "token_hash", "staff_sessions": "token_hash", "votes": "idempotency_hash",
        "voting_tokens": "token_hash", "replaced_tokens": "token_hash",
        "voter_devices": "token_hash", "voter_sessions": "token_hash",
    }.items()
    for column in columns.split()
}  # fmt: skip


@pytest.fixture
def folder(app, monkeypatch, tmp_path):
    """Give a copy of the key folder that this test may change, and a storage of its own."""
    keyring = Keyring(shutil.copytree(platform().keyring.folder, tmp_path / "keys"))
    monkeypatch.setattr(platform(), "keyring", keyring)
    monkeypatch.setattr(platform(), "storage", LocalStorage(tmp_path / "uploads", keyring.cipher))
    return keyring.folder


@pytest.fixture
def encrypted(folder):
    """Give an enrolled voter, a person with a second step, a waiting mail and a picture, all under the first key."""
    voter = factories.VoterFactory()
    acting.enrol(voter)
    user = factories.StaffUserFactory()
    user.totp_secret = secret.seal("BASE32", user.id, secret.STORED)
    mail = EmailMessage(
        body=seal_body(Body("Text", "<p>Text</p>", None)), kind="x", recipient="a@example.org", subject="x"
    )
    db.session.add(mail)
    db.session.commit()
    path = platform().storage.save_private("faces", b"a picture")
    return voter.id, user.id, mail.id, path


def readable(voter_id, user_id, mail_id, path):
    db.session.expire_all()
    rows = db.session.scalars(select(VoterFace).where(VoterFace.voter_id == voter_id)).all()
    for row in rows:
        open_encoding(voter_id, row.encoding, platform().cipher)
    assert secret.stored_secret(db.session.get_one(StaffUser, user_id)) == "BASE32"
    assert open_body(db.session.get_one(EmailMessage, mail_id).body).text == "Text"
    assert platform().storage.read(path) == b"a picture"
    return len(rows)


def renew():
    with use_role("owner"):
        return key_rotation.renew_all(transaction)


def a_day_later(folder):
    old = time.time() - timedelta(days=1, minutes=1).total_seconds()
    os.utime(folder / "fernet.keys", (old, old))


def test_all_that_is_encrypted_for_long_goes_over_to_the_new_key_and_the_old_one_goes(encrypted, folder):
    known, before = platform().keyring.fingerprints()["fernet"], (folder / "fernet.keys").read_bytes()
    key_rotation.add_fernet_key(OPERATOR)
    assert readable(*encrypted) > 0
    done = renew()
    assert (done.renewed, done.unreadable) == (done.looked_at, [])
    assert done.looked_at >= 5
    assert renew().renewed == 0
    a_day_later(folder)
    with use_role("owner"):
        assert key_rotation.retire_fernet_keys(OPERATOR, transaction) == 1
    assert before not in (folder / "fernet.keys").read_bytes()
    assert readable(*encrypted) > 0
    assert Keyring(folder).belongs("fernet", known)
    assert not Keyring(folder).belongs("fernet", "somebody else's")


def test_a_renewal_that_is_killed_leaves_all_readable_and_goes_on(encrypted, monkeypatch):
    key_rotation.add_fernet_key(OPERATOR)
    monkeypatch.setattr(key_rotation, "ROWS", 1)
    calls = iter([None, None, KeyboardInterrupt])

    def killed(done):
        if (what := next(calls)) is not None:
            raise what

    with use_role("owner"), pytest.raises(KeyboardInterrupt):
        key_rotation.renew_all(transaction, killed)
    assert readable(*encrypted) > 0
    done = renew()
    assert 0 < done.renewed < done.looked_at
    assert readable(*encrypted) > 0


def test_an_old_key_stays_while_it_is_needed(encrypted, folder):
    with use_role("owner"):
        with pytest.raises(Conflict, match="one Fernet key only"):
            key_rotation.retire_fernet_keys(OPERATOR, transaction)
        key_rotation.add_fernet_key(OPERATOR)
        with pytest.raises(Conflict, match="not a day old"):
            key_rotation.retire_fernet_keys(OPERATOR, transaction)
    a_day_later(folder)
    user = db.session.get_one(StaffUser, encrypted[1])
    user.totp_secret = FieldCipher.of([Fernet.generate_key()]).encrypt(b"of another installation")
    db.session.commit()
    with use_role("owner"), pytest.raises(Conflict, match=f"staff_users {encrypted[1]} cannot be read"):
        key_rotation.retire_fernet_keys(OPERATOR, transaction)
    assert len((folder / "fernet.keys").read_bytes().split()) == 2


def test_a_picture_that_is_erased_meanwhile_stays_erased(encrypted):
    path, storage = encrypted[3], platform().storage
    key_rotation.add_fernet_key(OPERATOR)
    renewed = storage._cipher.renewed

    class Erasing:
        def renewed(self, content):
            storage.delete(path)
            return renewed(content)

    storage._cipher = Erasing()
    assert not storage.renew(path)
    assert storage.find(path) is None


def test_every_column_of_bytes_is_renewed_or_known_to_hold_no_token_of_these_keys():
    """What is encrypted for a check of a face or for signing in is text, and over within a day."""
    renewed = {f"{key.class_.__tablename__}.{content.key}" for key, content in key_rotation.COLUMNS}
    found = {
        f"{table.name}.{column.name}"
        for table in db.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert renewed <= found
    assert found - renewed == NO_TOKENS
