"""What only a folder on this machine has: rights, and half files."""

from __future__ import annotations

import os
import stat

import pytest

from services.storage import FACES

CONTENT = b"\xff\xd8\xff picture of a face"


def test_nothing_but_the_files_lies_in_the_folder_and_others_cannot_enter(local):
    paths = {local.save_public(CONTENT, "jpg"), local.save_private(FACES, CONTENT)}
    assert {str(path.relative_to(local.root)) for path in local.root.rglob("*") if path.is_file()} == paths
    for path in paths:
        assert stat.S_IMODE(os.stat((local.root / path).parent).st_mode) & 0o077 == 0


def test_a_write_that_fails_leaves_no_half_file(local, monkeypatch):
    def full(_descriptor):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        local.save_public(CONTENT, "png")
    assert list(local.root.rglob("*.png")) == []


def test_a_folder_that_cannot_be_written_is_named(local, monkeypatch):
    assert local.trouble() is None
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert str(local.root) in local.trouble()


def test_no_browser_is_sent_elsewhere(local):
    assert local.public_link(local.save_public(CONTENT, "png")) is None
