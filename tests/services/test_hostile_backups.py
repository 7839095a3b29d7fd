"""A backup from somebody else: what is not signed, names other places, or is larger than it says."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from services.backup import files, keys
from services.backup.manifest import FILE, Manifest
from services.context import platform
from services.errors import Conflict, DomainError, ValidationFailed
from services.private_file import write_private
from services.sealed_file import seal

NAME = f"faces/ab/{'ab' * 16}.enc"
OTHER = NAME.replace("/ab/", "/cd/")
KB = 1024


def member(name, content=b"x", kind=tarfile.REGTYPE, to="", **more):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, to, len(content)
    entry.pax_headers = more
    return entry, content


def tar_of(*members):
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry, content in members:
            tar.addfile(entry, io.BytesIO(content))
    written.seek(0)
    return written


def unpack(source, size=KB):
    return files.unpack(source, {"count": 1, "bytes": size}, lambda _done, _of: None)


@pytest.fixture
def around(app, tmp_path):
    """All files there are around the store, as they are now."""
    return lambda: {path for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "name",
    ["../outside", "/etc/outside", f"faces/../../{NAME}", f"./{NAME}", f"{NAME}\n", "faces/ab/../../keys/cast.key",
     NAME.replace("faces", "keys")],
    ids=repr,
)  # fmt: skip
def test_a_file_that_is_named_elsewhere_is_not_written(name, app):
    assert unpack(tar_of(member(name))) == 0
    assert platform().storage.find(NAME) is None


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_what_is_no_file_is_left_out_and_the_rest_comes_back(kind, app):
    assert unpack(tar_of(member(NAME, b"", kind, to="/etc/passwd"), member(OTHER))) == 1
    assert (platform().storage.find(NAME), platform().storage.find(OTHER).size) == (None, 1)
    platform().storage.delete(OTHER)


def test_more_bytes_than_the_manifest_signed_are_not_written(app):
    with pytest.raises(Conflict, match="larger than its manifest says"):
        unpack(tar_of(member(NAME, b"x" * (KB + 1))))
    assert platform().storage.find(NAME) is None


def test_a_file_that_unpacks_to_far_more_than_it_is_is_refused_before_it_is_read(app):
    """Sixteen megabytes of nothing from some bytes; it might as well be a terabyte."""
    sparse = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,1",
              "GNU.sparse.size": str(2**24), "GNU.sparse.realsize": str(2**24)}  # fmt: skip
    with pytest.raises(Conflict, match="larger than its manifest says"):
        unpack(tar_of(member(NAME, b"x", **sparse)))
    assert platform().storage.find(NAME) is None


def test_a_stream_that_is_no_tar_is_refused_in_words(app):
    with pytest.raises(Conflict, match="cannot be read"):
        unpack(io.BytesIO(b"\x01" * 4 * KB))


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "null", "9" * 5000, '{"manifest": [], "signature": ""}', '{"manifest": {}, "signature": "zz"}',
     "\ud800"],
)  # fmt: skip
def test_a_manifest_of_anything_else_is_refused_in_words(text, app, tmp_path):
    (tmp_path / FILE).write_text(text, "utf-8", "surrogatepass")
    with pytest.raises(ValidationFailed):
        Manifest.read(tmp_path)


@pytest.mark.parametrize("name", ["parts", "heads", "files", "rows", "name", "format"])
@pytest.mark.parametrize("value", [None, 5, [], "x", {"database": 5}], ids=repr)
def test_a_manifest_that_nobody_signed_is_refused_whatever_it_holds(name, value, app, tmp_path):
    content = {
        "name": "backup-20261128T120000Z-abcd", "made_at": "", "key": "", "migration": "", "versions": {}, "rows": {},
        "heads": {}, "files": {}, "parts": {"database": {}, "ballot_box": {}, "files": {}},
    }  # fmt: skip
    signed = {"manifest": {**content, name: value}, "signature": "00" * 64}
    (tmp_path / FILE).write_text(json.dumps(signed), "utf-8")
    with pytest.raises(ValidationFailed):
        Manifest.read(tmp_path)


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "elections/../../outside", ""])
def test_a_copy_of_the_keys_writes_nowhere_else(name, app, tmp_path, around, monkeypatch):
    monkeypatch.setattr("services.sealed_file.key_of", lambda *_words: bytes(32))
    copy = tmp_path / "copy.sealed"
    write_private(copy, seal(json.dumps({"cast.key": "", name: ""}).encode(), "a long passphrase", "keys"))
    before = around()
    with pytest.raises(DomainError):
        keys.put_keys_back(copy, tmp_path / "fresh", "a long passphrase")
    assert around() == before
