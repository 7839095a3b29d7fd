"""One signing key hands over to the next: what was signed stays signed, and a rotation may be cut off anywhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from nacl.signing import SigningKey

from services import private_file
from services.security import Keyring, KeyringError, signing_keys

AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


@pytest.fixture
def keyring(tmp_path):
    return Keyring.ensure(tmp_path / "keys")


def forge(keyring, **changes):
    """Change fields of the last hand-over in the folder."""
    path = keyring.folder / "handovers.jsonl"
    *lines, last = path.read_text().splitlines()
    path.write_text("\n".join([*lines, json.dumps({**json.loads(last), **changes})]) + "\n")


def test_what_an_earlier_key_signed_stays_signed(keyring):
    signed = [(b"first", keyring.signing_key.sign(b"first").signature)]
    for word in (b"second", b"third"):
        keyring.signing_keys.rotate(AT)
        signed.append((word, keyring.signing_key.sign(word).signature))
    assert [keyring.signing_keys.signer(*one) for one in signed] == [0, 1, 2]
    assert [Keyring(keyring.folder).signing_keys.signer(*one) for one in signed] == [0, 1, 2]
    assert not keyring.is_signed(b"fourth", signed[0][1])
    assert not keyring.is_signed(b"first", b"too short")


def test_another_process_signs_with_the_new_key_at_once(keyring):
    other = Keyring(keyring.folder)
    keyring.signing_keys.rotate(AT)
    assert other.fingerprints() == keyring.fingerprints()
    assert other.is_signed(b"word", other.signing_key.sign(b"word").signature)


def test_the_seed_of_the_old_key_is_gone(keyring):
    seed = (keyring.folder / "signing.key").read_bytes()
    with (keyring.folder / "signing.key").open("rb") as held:
        keyring.signing_keys.rotate(AT)
        assert held.read() == bytes(32)
    assert all(seed not in path.read_bytes() for path in keyring.folder.iterdir() if path.is_file())
    assert not (keyring.folder / "signing.next").exists()


def test_a_folder_belongs_to_an_installation_that_knows_an_earlier_key(keyring, tmp_path):
    known = keyring.fingerprints()["signing"]
    keyring.signing_keys.rotate(AT)
    assert keyring.belongs("signing", known)
    assert keyring.belongs("signing", keyring.fingerprints()["signing"])
    assert not Keyring.ensure(tmp_path / "other").belongs("signing", known)


@pytest.mark.parametrize("step", ["signing.next", "handovers.jsonl", "take over"])
def test_a_rotation_that_is_killed_leaves_the_old_key_or_the_new_one(keyring, monkeypatch, step):
    signature, before = keyring.signing_key.sign(b"word").signature, keyring.fingerprints()["signing"]

    def killed(path, *arguments, **named):
        if path.name == step:
            raise KeyboardInterrupt
        private_file.write_private(path, *arguments, **named)

    def cut_off(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(signing_keys, "write_private", killed)
        if step == "take over":
            patched.setattr(signing_keys.SigningKeys, "_take_over", cut_off)
        with pytest.raises(KeyboardInterrupt):
            keyring.signing_keys.rotate(AT)

    again = Keyring(keyring.folder)
    assert again.signing_keys.signer(b"word", signature) == 0
    assert (again.fingerprints()["signing"] != before) == (step == "take over")
    assert again.fingerprints() == keyring.fingerprints()
    again.signing_keys.rotate(AT)
    assert Keyring(keyring.folder).signing_keys.signer(b"word", signature) == 0


def test_a_forged_hand_over_is_refused(keyring):
    keyring.signing_keys.rotate(AT)
    thief = SigningKey.generate()
    forge(keyring, old=thief.sign(b"anything").signature.hex())
    with pytest.raises(KeyringError, match="not signed by both keys"):
        Keyring(keyring.folder)


def test_a_missing_hand_over_is_refused(keyring):
    for _ in range(3):
        keyring.signing_keys.rotate(AT)
    path = keyring.folder / "handovers.jsonl"
    first, _second, third = path.read_text().splitlines()
    path.write_text(f"{first}\n{third}\n")
    with pytest.raises(KeyringError, match="is missing"):
        Keyring(keyring.folder)


def test_the_old_key_put_back_is_refused(keyring):
    seed = (keyring.folder / "signing.key").read_bytes()
    keyring.signing_keys.rotate(AT)
    (keyring.folder / "signing.key").write_bytes(seed)
    with pytest.raises(KeyringError, match="not the key that the last hand-over names"):
        Keyring(keyring.folder)
