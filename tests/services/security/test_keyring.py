"""The key folder: made once, complete or refused, private, and never overwritten."""

from __future__ import annotations

import os
import stat
import threading
import uuid

import pytest
from nacl.public import PrivateKey

from services.security import Keyring, KeyringError

ELECTION = uuid.UUID(int=7)


@pytest.fixture
def keyring(tmp_path):
    return Keyring.ensure(tmp_path / "keys")


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def at_once(count, work):
    """Run the work in threads that start together; return results and errors."""
    start, results, errors = threading.Barrier(count), [], []

    def run():
        start.wait()
        try:
            results.append(work())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, errors


def test_a_folder_is_made_with_all_keys_that_only_the_owner_reads(keyring):
    assert {str(name) for name in contents(keyring.folder)} == {"signing.key", "cast.key", "fernet.keys"}
    assert stat.S_IMODE(os.stat(keyring.folder).st_mode) == 0o700
    for name in contents(keyring.folder):
        assert stat.S_IMODE(os.stat(keyring.folder / name).st_mode) == 0o600


def test_a_second_start_finds_the_same_keys(keyring):
    before = contents(keyring.folder)
    assert Keyring.ensure(keyring.folder).fingerprints() == keyring.fingerprints()
    assert contents(keyring.folder) == before


def test_many_that_start_at_once_agree_on_the_keys(tmp_path):
    made, errors = at_once(16, lambda: Keyring.ensure(tmp_path / "keys").fingerprints())
    assert errors == []
    assert len(made) == 16
    assert all(one == made[0] for one in made)
    assert {path.name for path in (tmp_path / "keys").iterdir()} == {
        "signing.key", "cast.key", "fernet.keys", "elections",
    }  # fmt: skip


def test_many_that_open_one_election_at_once_agree_on_its_key(keyring):
    made, errors = at_once(16, lambda: keyring.create_box_key(ELECTION))
    assert errors == []
    assert set(made) == {bytes(keyring.box_key(ELECTION).public_key)}


def test_what_a_crash_left_behind_does_not_keep_a_key_from_being_made(tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / f"signing.key.{os.getpid()}.new").write_bytes(b"half")
    assert len(Keyring.ensure(folder).fingerprints()) == 3


@pytest.mark.parametrize("name", ["signing.key", "cast.key", "fernet.keys"])
def test_an_incomplete_folder_is_refused_by_name(name, keyring):
    (keyring.folder / name).unlink()
    with pytest.raises(KeyringError, match="is not complete"):
        Keyring(keyring.folder)


def test_a_missing_folder_is_refused_and_not_made(tmp_path):
    with pytest.raises(KeyringError):
        Keyring(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_fingerprints_differ_between_installations_and_hold_no_key(keyring, tmp_path):
    other = Keyring.ensure(tmp_path / "other").fingerprints()
    mine = keyring.fingerprints()
    assert mine.keys() == other.keys() == {"signing", "cast", "fernet"}
    assert all(mine[name] != other[name] for name in mine)
    secret = b"".join(contents(keyring.folder).values())
    assert not any(bytes.fromhex(print_) in secret for print_ in mine.values())


def test_a_new_fernet_key_in_front_keeps_the_fingerprint_of_the_oldest(keyring):
    from cryptography.fernet import Fernet

    path = keyring.folder / "fernet.keys"
    path.write_bytes(Fernet.generate_key() + b"\n" + path.read_bytes())
    assert Keyring(keyring.folder).fingerprints() == keyring.fingerprints()


def test_every_election_has_a_cast_key_of_its_own(keyring):
    assert keyring.cast_key(ELECTION) == keyring.cast_key(ELECTION)
    assert keyring.cast_key(ELECTION) != keyring.cast_key(uuid.UUID(int=8))
    assert len(keyring.cast_key(ELECTION)) == 32


def test_a_box_key_is_made_once(keyring):
    public = keyring.create_box_key(ELECTION)
    assert keyring.create_box_key(ELECTION) == public
    assert keyring.create_box_key(uuid.UUID(int=8)) != public


def test_a_box_key_is_not_overwritten_by_a_restored_one(keyring):
    public = keyring.create_box_key(ELECTION)
    keyring.restore_box_key(ELECTION, PrivateKey.generate())
    assert bytes(keyring.box_key(ELECTION).public_key) == public


def test_a_destroyed_box_key_is_gone_and_destroying_again_is_no_error(keyring):
    keyring.create_box_key(ELECTION)
    keyring.destroy_box_key(ELECTION)
    with pytest.raises(KeyringError):
        keyring.box_key(ELECTION)
    keyring.destroy_box_key(ELECTION)
    assert [str(name) for name in contents(keyring.folder) if "box" in str(name)] == []


def test_a_destroyed_box_key_is_overwritten_before_it_is_removed(keyring):
    keyring.create_box_key(ELECTION)
    path = keyring.folder / "elections" / f"{ELECTION}.box"
    twin = path.with_name("twin")
    os.link(path, twin)
    keyring.destroy_box_key(ELECTION)
    assert twin.read_bytes() == bytes(32)


def test_fernet_keys_that_are_added_at_once_are_all_kept(keyring):
    _made, errors = at_once(8, lambda: Keyring(keyring.folder).add_fernet_key())
    assert errors == []
    assert len(set((keyring.folder / "fernet.keys").read_bytes().split())) == 9
