"""The pages that draw the API's description, and the programs that they need from npm."""

from __future__ import annotations

import io
import re
import tarfile
from dataclasses import replace
from hashlib import sha256

import pytest

from blueprints.cli import api_docs
from services import api_pages

PAGES = {"/api/v1/docs": "swagger", "/api/v1/redoc": "redoc"}


@pytest.fixture
def archive(tmp_path):
    """An archive as npm makes them, and the package that describes it."""
    path = tmp_path / "drawn-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as packed:
        for name, content in (("a.js", b"draw(" + api_pages.FOREIGN_LOGO + b")"), ("LICENSE", b"MIT"), ("b.js", b"no")):
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
    total = sha256(path.read_bytes()).hexdigest()
    return path, api_pages.Package("drawn", "1.0.0", "MIT", total, {"a.js": "drawn.js", "LICENSE": "drawn.LICENSE.txt"})


@pytest.mark.parametrize(("path", "program"), PAGES.items())
def test_a_page_loads_its_program_from_our_own_folder(client, monkeypatch, path, program):
    monkeypatch.setattr(api_pages, "are_here", lambda: True)
    page = client.get(path)
    assert re.search(rf'src="/static/[0-9a-f]{{16}}/vendor/api/{program}\.js"', page.text)
    assert "http" not in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", PAGES)
def test_without_the_program_the_page_says_so_and_links_the_document(client, monkeypatch, path):
    monkeypatch.setattr(api_pages, "are_here", lambda: False)
    page = client.get(path)
    assert page.status_code == 200
    assert "The program that draws this page is not here." in page.text
    assert 'href="/api/v1/openapi.json"' in page.text
    assert "vendor" not in page.text


def test_only_the_named_files_of_the_known_archive_are_taken_and_ask_no_other_host(archive, tmp_path):
    path, package = archive
    folder = tmp_path / "fresh"
    folder.mkdir()
    api_pages.unpack(package, path, folder)
    assert sorted(one.name for one in folder.iterdir()) == ["drawn.LICENSE.txt", "drawn.js"]
    assert b"cdn.redoc.ly" not in (folder / "drawn.js").read_bytes()
    with pytest.raises(api_pages.NotFetched, match="its sum differs"):
        api_pages.unpack(replace(package, sha256="0" * 64), path, folder)


def test_being_without_npm_is_said_in_a_sentence_and_stops_nothing(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(api_pages, "are_here", lambda: False)
    assert api_docs.main() == 0
    assert "npm is missing" in capsys.readouterr().out
