"""What local disk and bucket both promise: public ones by content, private ones encrypted, nothing elsewhere."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from services.errors import FileDamaged, NotFound
from services.security import FieldCipher
from services.storage import FACES, FRAUD_ATTEMPTS, IMPORTS, PUBLIC, StoredFile

CONTENT = b"\xff\xd8\xff picture of a face"


def raw(storage, path):
    with storage.stream(path) as stream:
        return b"".join(iter(lambda: stream.read(7), b""))


def write_raw(storage, path, content):
    storage.store.put(path, io.BytesIO(content), over=True)


def test_a_public_picture_is_named_by_its_content(storage):
    path = storage.save_public(CONTENT, "png")
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert path == f"public/{digest[:2]}/{digest}.png"
    assert storage.save_public(CONTENT, "png") == path
    assert storage.save_public(CONTENT + b"x", "png") != path
    assert storage.read(path) == raw(storage, path) == CONTENT


@pytest.mark.parametrize("folder", [FACES, FRAUD_ATTEMPTS, IMPORTS])
def test_a_private_file_lies_encrypted_under_a_random_name(folder, storage):
    path = storage.save_private(folder, CONTENT)
    other = storage.save_private(folder, CONTENT)

    assert path != other
    assert path.startswith(f"{folder}/")
    assert path.endswith(".enc")
    assert CONTENT[3:] not in raw(storage, path)
    assert hashlib.sha256(CONTENT).hexdigest()[:32] not in path
    assert storage.read(path) == CONTENT


def test_a_changed_private_file_is_refused(storage):
    path = storage.save_private(FACES, CONTENT)
    changed = bytearray(raw(storage, path))
    changed[40] ^= 1
    write_raw(storage, path, bytes(changed))
    with pytest.raises(FileDamaged) as refusal:
        storage.read(path)
    assert (refusal.value.path, refusal.value.status) == (path, 410)


def test_a_changed_public_picture_is_refused(storage):
    path = storage.save_public(CONTENT, "png")
    write_raw(storage, path, CONTENT + b"x")
    with pytest.raises(FileDamaged):
        storage.read(path)


def test_no_other_path_is_read_or_deleted(storage, tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "cast.key").write_bytes(b"secret")
    for path in (
        "", "/etc/passwd", "../keys/cast.key", "public/../../keys/cast.key", "faces/../public/x.png", "public",
        "public/", "faces/ab/" + "g" * 32 + ".enc", "faces/ab/" + "a" * 31 + ".enc", "faces/ab/" + "a" * 32 + ".exe",
        "faces/ab/" + "a" * 32 + ".enc\n", "public/ab/" + "a" * 64 + ".png/..", "PUBLIC/ab/" + "a" * 64 + ".png",
        "public/AB/" + "A" * 64 + ".png", "public\\ab\\" + "a" * 64 + ".png", "public/ab/" + "a" * 64 + ".png\x00",
        "keys/ab/" + "a" * 64 + ".png", "./public/ab/" + "a" * 64 + ".png",
    ):  # fmt: skip
        for act in (storage.read, storage.delete, storage.find, storage.stream, storage.renew):
            with pytest.raises(NotFound):
                act(path)
    assert (tmp_path / "keys" / "cast.key").read_bytes() == b"secret"


def test_nothing_is_written_elsewhere_or_under_another_kind(storage, tmp_path):
    for suffix in ("exe", "html", "svg", "../x", ""):
        with pytest.raises(NotFound):
            storage.save_public(CONTENT, suffix)
    for folder in ("keys", "..", "faces/..", "", "public"):
        if folder != PUBLIC:
            with pytest.raises(NotFound):
                storage.save_private(folder, CONTENT)
    assert list(storage.files()) == [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_that_is_gone_is_not_found_and_deleting_again_is_no_error(storage):
    path = storage.save_private(FACES, CONTENT)
    storage.delete(path)
    storage.delete(path)
    assert storage.find(path) is None
    for act in (storage.read, storage.renew):
        with pytest.raises(NotFound):
            act(path)
    with pytest.raises(NotFound), storage.stream(path):
        pass


def test_every_file_is_listed_with_its_size_and_its_time_and_folders_apart(storage):
    paths = [storage.save_public(CONTENT, "png")] + [storage.save_private(FACES, b"x" * 5000) for _ in range(3)]
    listed = {file.path: file for file in storage.files()}
    assert sorted(listed) == sorted(paths)
    assert listed[paths[0]].size == len(CONTENT)
    for path in paths:
        assert listed[path] == storage.find(path)
        assert listed[path].written_at.tzinfo is not None
    assert [file.path for file in storage.files(FACES)] == sorted(paths[1:])


def test_a_file_goes_as_it_was_listed_and_stays_when_it_was_written_again_since(storage):
    path = storage.save_public(CONTENT, "jpg")
    listed = storage.find(path)
    before = StoredFile(path, listed.size, listed.written_at - timedelta(seconds=5))
    assert not storage.delete_older(before), "it was written after that"
    assert storage.read(path) == CONTENT
    assert storage.delete_older(listed)
    assert not storage.delete_older(listed), "gone already"
    assert storage.find(path) is None


def test_a_file_under_an_old_key_is_encrypted_anew_once(storage):
    old = Fernet.generate_key()
    storage._cipher = FieldCipher.of([old])
    path = storage.save_private(FACES, CONTENT)
    storage._cipher = FieldCipher.of([Fernet.generate_key(), old])
    assert storage.renew(path)
    assert not storage.renew(path)
    storage._cipher = FieldCipher.of([Fernet.generate_key()])
    with pytest.raises(FileDamaged):
        storage.renew(path)


def test_a_file_that_is_removed_while_it_is_encrypted_anew_stays_removed(storage):
    path = storage.save_private(FACES, CONTENT)

    def remove(stored):
        storage.delete(path)
        return stored + b"x"

    assert not storage.store.change(path, remove)
    assert storage.find(path) is None


def test_a_large_file_is_kept_as_it_is(storage):
    content = os.urandom(9 * 1024 * 1024)
    path = storage.save_public(content, "png")
    assert storage.find(path).size == len(content)
    assert storage.read(path) == content


def test_all_is_well_says_nothing(storage):
    storage.save_public(CONTENT, "png")
    assert storage.trouble() is None
