"""Request ids: in every log line of a request, in its answer, and on every page that reports an error."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from blueprints import logs
from services.context import platform
from services.log_files import SharedFileHandler


@pytest.fixture
def written(app, tmp_path):
    """The log of this test alone, formatted as the real one."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    settings = replace(platform().settings, log_folder=tmp_path / "log")
    logs.write_to("test.log", settings)
    root.setLevel(logging.INFO)
    yield lambda: (tmp_path / "log" / "test.log").read_text()
    for handler in [one for one in root.handlers if one not in before]:
        root.removeHandler(handler)
        handler.close()
    root.handlers[:] = before
    root.setLevel(level)


def test_every_line_of_a_request_carries_the_id_of_its_answer(client, written):
    first, second = client.get("/"), client.get("/nowhere")
    ids = [first.headers["X-Request-ID"], second.headers["X-Request-ID"]]

    assert ids[0] != ids[1]
    lines = written().splitlines()
    assert any(f"INFO {ids[0]} smart_voting.requests GET / 200" in line for line in lines)
    assert any(f"INFO {ids[1]} smart_voting.requests GET /nowhere 404" in line for line in lines)


def test_a_line_outside_a_request_has_a_dash_in_its_place(written):
    logging.getLogger("anything").warning("hello")
    assert "WARNING - anything hello" in written()


def test_the_page_of_an_error_shows_the_id(client):
    page = client.get("/nowhere")
    assert page.headers["X-Request-ID"] in page.text


def test_the_page_of_our_own_mistake_shows_the_id_and_the_log_holds_the_reason(client, app, monkeypatch, written):
    from services import elections

    def broken():
        raise RuntimeError("the reason")

    monkeypatch.setattr(elections, "current_booth_elections", broken)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    page = client.get("/")

    number = page.headers["X-Request-ID"]
    assert page.status_code == 500
    assert number in page.text
    assert "the reason" not in page.text
    assert f"ERROR {number} blueprints.errors" in written()
    assert "RuntimeError: the reason" in written()


def test_web_and_worker_write_files_of_their_own():
    assert logs.WEB != logs.WORKER
    assert {logs.WEB.rsplit(".", 1)[1], logs.WORKER.rsplit(".", 1)[1]} == {"log"}


def test_a_process_has_one_file_whatever_it_is_told(app, written, tmp_path):
    logs.write_to("other.log", replace(platform().settings, log_folder=tmp_path / "log"))
    assert sum(isinstance(one, SharedFileHandler) for one in logging.getLogger().handlers) == 1


def test_no_line_holds_a_query_or_a_body(client, written):
    client.get("/?token=secret-in-query")
    client.post("/poll/auth/start", json={"voter_id": "20481735"})
    assert "secret-in-query" not in written()
    assert "20481735" not in written()
