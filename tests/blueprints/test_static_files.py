"""Static files: kept for good under the name of their content, and never under a name that is not theirs."""

from __future__ import annotations

import re

from services.build_name import build_name

FOREVER = "public, max-age=31536000, immutable"


def test_a_page_asks_for_files_that_the_browser_keeps_for_a_year(client):
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', client.get("/").text)
    assert addresses
    for address in addresses:
        assert re.match(r"/static/[0-9a-f]{16}/", address)
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == FOREVER


def test_a_module_finds_the_others_of_its_own_build(client):
    main = re.search(r'src="(/static/[0-9a-f]{16}/js/)main\.js"', client.get("/").text)
    for module in re.findall(r'import\("\./(modules/[^"]+)"\)', client.get(main[1] + "main.js").text)[:3]:
        assert client.get(main[1] + module).headers["Cache-Control"] == FOREVER


def test_a_file_asked_for_by_the_name_of_another_build_is_answered_and_not_kept(client):
    for address in ("/static/css/app.css", f"/static/{16 * '0'}/css/app.css"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-cache"


def test_no_name_of_a_build_leads_out_of_the_folder(client):
    build = build_name(client.application.static_folder)
    for path in ("../config.py", "..%2fconfig.py", "%2e%2e/config.py", "js", "nothing.css"):
        answer = client.get(f"/static/{build}/{path}")
        assert answer.status_code == 404
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_name_of_a_build_depends_on_every_name_and_content(tmp_path):
    def build(name, **files):
        folder = tmp_path / name
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_text(content)
        return build_name(str(folder))

    first = build("first", a="1", b="2")
    assert build("same", a="1", b="2") == first
    assert build("content", a="1", b="3") != first
    assert build("name", a="1", c="2") != first
    assert build("swapped", a="2", b="1") != first
