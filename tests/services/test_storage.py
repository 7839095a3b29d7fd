"""Files: public ones by their content, private ones encrypted, none outside the folder."""

from __future__ import annotations

import hashlib
import os
import stat

import pytest
from cryptography.fernet import Fernet

from services.errors import FileDamaged, NotFound
from services.security import FieldCipher
from services.storage import FACES, FRAUD_ATTEMPTS, LocalStorage

CONTENT = b"\xff\xd8\xff picture of a face"


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path / "uploads", FieldCipher.of([Fernet.generate_key()]))


def test_a_public_picture_is_named_by_its_content(storage):
    path = storage.save_public(CONTENT, "png")
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert path == f"public/{digest[:2]}/{digest}.png"
    assert storage.save_public(CONTENT, "png") == path
    assert storage.save_public(CONTENT + b"x", "png") != path
    assert storage.read(path) == CONTENT


@pytest.mark.parametrize("folder", [FACES, FRAUD_ATTEMPTS])
def test_a_private_picture_lies_encrypted_under_a_random_name(folder, storage):
    path = storage.save_private(folder, CONTENT)
    other = storage.save_private(folder, CONTENT)
    raw = (storage.root / path).read_bytes()

    assert path != other
    assert path.startswith(f"{folder}/")
    assert path.endswith(".enc")
    assert CONTENT[3:] not in raw
    assert hashlib.sha256(CONTENT).hexdigest()[:32] not in path
    assert storage.read(path) == CONTENT


def test_a_changed_private_picture_is_refused(storage):
    path = storage.save_private(FACES, CONTENT)
    raw = bytearray((storage.root / path).read_bytes())
    raw[40] ^= 1
    (storage.root / path).write_bytes(raw)
    with pytest.raises(FileDamaged) as refusal:
        storage.read(path)
    assert (refusal.value.path, refusal.value.status) == (path, 410)


def test_a_changed_public_picture_is_refused(storage):
    path = storage.save_public(CONTENT, "png")
    (storage.root / path).write_bytes(CONTENT + b"x")
    with pytest.raises(FileDamaged):
        storage.read(path)


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../keys/cast.key", "public/../../keys/cast.key", "faces/../public/x.png", "public", "public/",
     "faces/ab/" + "g" * 32 + ".enc", "faces/ab/" + "a" * 31 + ".enc", "faces/ab/" + "a" * 32 + ".exe",
     "faces/ab/" + "a" * 32 + ".enc\n", "public/ab/" + "a" * 64 + ".png/..", "PUBLIC/ab/" + "a" * 64 + ".png",
     "public/AB/" + "A" * 64 + ".png", "public\\ab\\" + "a" * 64 + ".png", "public/ab/" + "a" * 64 + ".png\x00",
     "keys/ab/" + "a" * 64 + ".png", "./public/ab/" + "a" * 64 + ".png"],
)  # fmt: skip
def test_no_other_path_is_read_or_deleted(path, storage, tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "cast.key").write_bytes(b"secret")
    with pytest.raises(NotFound):
        storage.read(path)
    with pytest.raises(NotFound):
        storage.delete(path)
    assert (tmp_path / "keys" / "cast.key").read_bytes() == b"secret"


@pytest.mark.parametrize("folder", ["public", "keys", "..", "faces/..", ""])
@pytest.mark.parametrize("suffix", ["exe", "html", "svg", "../x", ""])
def test_nothing_is_written_elsewhere_or_under_another_kind(folder, suffix, storage, tmp_path):
    with pytest.raises(NotFound):
        storage.save_public(CONTENT, suffix)
    if folder != "public":
        with pytest.raises(NotFound):
            storage.save_private(folder, CONTENT)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_that_is_gone_is_not_found_and_deleting_again_is_no_error(storage):
    path = storage.save_private(FACES, CONTENT)
    storage.delete(path)
    storage.delete(path)
    with pytest.raises(NotFound):
        storage.read(path)


def test_nothing_but_the_files_lies_in_the_folder_and_others_cannot_enter(storage):
    paths = {storage.save_public(CONTENT, "jpg"), storage.save_private(FACES, CONTENT)}
    assert {str(path.relative_to(storage.root)) for path in storage.root.rglob("*") if path.is_file()} == paths
    for path in paths:
        assert stat.S_IMODE(os.stat((storage.root / path).parent).st_mode) & 0o077 == 0


def test_a_write_that_fails_leaves_no_half_file(storage, monkeypatch):
    def full(_descriptor):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        storage.save_public(CONTENT, "png")
    assert list(storage.root.rglob("*.png")) == []
