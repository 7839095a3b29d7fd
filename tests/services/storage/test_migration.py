"""From the folder to the bucket and back: nothing lost, nothing twice, nothing removed that was not compared."""

from __future__ import annotations

import io
import os

import pytest
from cryptography.fernet import Fernet

from services.errors import NotFound, StorageAway
from services.security import FieldCipher
from services.storage import FACES, FRAUD_ATTEMPTS, Fate, migrate, movable

ALWAYS = 999
FILES = 14
SOME = 4
"""Files that are there when a run ends in the middle; no more than that and the threads on their way beside them."""


class Stopped(Exception):
    """What ends a run in the middle."""


@pytest.fixture
def filled(local):
    """A folder with pictures of both kinds, by their paths."""
    contents = [os.urandom(3000 + number) for number in range(FILES)]
    paths = [local.save_public(content, "png") for content in contents[::2]]
    paths += [local.save_private(FACES, content) for content in contents[1::2]]
    return dict(zip(paths, contents[::2] + contents[1::2], strict=True))


@pytest.fixture
def puts(remote, monkeypatch):
    """The paths that were written into the bucket."""
    found, put = [], remote.store.put

    def noted(path, content, over=False):
        put(path, content, over)
        found.append(path)

    monkeypatch.setattr(remote.store, "put", noted)
    return found


def fates(moved):
    return {fate: number for fate, number in moved.fates.items() if number}


def raw(storage, path):
    return storage.store.get(path)


def test_every_file_goes_there_and_back_byte_for_byte(filled, local, remote):
    moved = migrate(local, remote, movable(local))
    assert fates(moved) == {Fate.COPIED: FILES}
    assert moved.verified == FILES
    assert moved.copied_bytes == sum(file.size for file in local.files())
    assert {path: remote.read(path) for path in filled} == filled
    before = {path: raw(local, path) for path in filled}
    for path in filled:
        local.delete(path)
    assert fates(migrate(remote, local, movable(remote))) == {Fate.COPIED: FILES}
    assert {path: raw(local, path) for path in filled} == before
    assert len(movable(remote)) == FILES, "the source keeps what nobody asked to remove"


def test_a_run_that_is_stopped_in_the_middle_goes_on_where_it_stopped(filled, local, remote, puts, monkeypatch):
    slots, put = iter(range(SOME)), remote.store.put

    def stopping(*arguments, **values):
        if next(slots, None) is None:
            raise Stopped
        put(*arguments, **values)

    with monkeypatch.context() as patch:
        patch.setattr(remote.store, "put", stopping)
        with pytest.raises(Stopped):
            migrate(local, remote, movable(local), delete_source=True)
    assert len(puts) == SOME
    assert len(movable(local)) == FILES
    moved = migrate(local, remote, movable(local))
    assert fates(moved) == {Fate.THERE: SOME, Fate.COPIED: FILES - SOME}
    assert sorted(puts) == sorted(filled), "each was written once"
    assert {path: remote.read(path) for path in filled} == filled


def test_a_line_that_is_cut_ends_the_run_and_the_next_one_ends_the_work(filled, local, remote, wire, monkeypatch):
    put, done = remote.store.put, []

    def cutting(path, content, over=False):
        put(path, content, over)
        done.append(path)
        if len(done) == SOME:
            wire.cut(ALWAYS, up=0)

    with monkeypatch.context() as patch:
        patch.setattr(remote.store, "put", cutting)
        with pytest.raises(StorageAway):
            migrate(local, remote, movable(local), delete_source=True)
    assert len(movable(local)) == FILES, "nothing is removed before all was compared"
    wire.mend()
    moved = migrate(local, remote, movable(local), delete_source=True)
    assert (moved.verified, moved.removed) == (FILES, FILES)
    assert moved.fates[Fate.THERE] >= SOME
    assert {path: remote.read(path) for path in filled} == filled


def test_the_source_is_emptied_when_all_was_compared_but_for_what_was_written_since(filled, local, remote):
    files = movable(local)
    kept = next(path for path in filled if path.endswith(".png"))
    late = (local.root / kept).stat().st_mtime + 5
    os.utime(local.root / kept, (late, late))
    moved = migrate(local, remote, files, delete_source=True)
    assert (moved.verified, moved.removed) == (FILES, FILES - 1)
    assert [file.path for file in local.files()] == [kept]


def test_a_copy_that_is_not_the_same_is_told_and_keeps_the_source(filled, local, remote, monkeypatch):
    put, spoilt = remote.store.put, next(iter(filled))

    def spoil(path, content, over=False):
        put(path, io.BytesIO(content.read() + b"x") if path == spoilt else content, over)

    with monkeypatch.context() as patch:
        patch.setattr(remote.store, "put", spoil)
        moved = migrate(local, remote, movable(local), delete_source=True)
    assert (moved.unlike, moved.removed, moved.verified) == ([spoilt], 0, FILES - 1)
    assert len(movable(local)) == FILES
    assert fates(migrate(local, remote, movable(local))) == {Fate.THERE: FILES - 1, Fate.COPIED: 1}
    assert remote.read(spoilt) == filled[spoilt]


def test_a_file_that_is_removed_meanwhile_is_no_failure(filled, local, remote):
    files = movable(local)
    local.delete(files[0].path)
    assert fates(migrate(local, remote, files)) == {Fate.GONE: 1, Fate.COPIED: FILES - 1}
    with pytest.raises(NotFound):
        remote.read(files[0].path)


def test_what_was_encrypted_anew_there_is_not_overwritten_with_an_old_key(local, remote):
    old, new = Fernet.generate_key(), Fernet.generate_key()
    local._cipher = remote._cipher = FieldCipher.of([old])
    path = local.save_private(FRAUD_ATTEMPTS, b"a face")
    migrate(local, remote, movable(local))
    local._cipher = remote._cipher = FieldCipher.of([new, old])
    assert remote.renew(path)
    assert fates(migrate(local, remote, movable(local))) == {Fate.THERE: 1}
    remote._cipher = FieldCipher.of([new])
    assert remote.read(path) == b"a face"


def test_what_cannot_be_read_there_is_replaced_and_a_half_file_is_left_behind(local, remote):
    path = local.save_private(FACES, b"a face")
    remote.store.put(path, io.BytesIO(b"no token of ours"), over=True)
    (local.root / path).with_suffix(".0a1b2c3d.part").write_bytes(b"half")
    assert fates(migrate(local, remote, movable(local))) == {Fate.COPIED: 1}
    assert remote.read(path) == b"a face"
