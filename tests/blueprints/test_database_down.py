"""A server whose database goes away and comes back: every page and answer says so, none shows what is inside."""

from __future__ import annotations

import http.client

import flask_migrate
import pytest
from flask import current_app

from app import create_app
from config import PROJECT
from models import db
from services.embedded_postgres import EmbeddedPostgres
from services.embedded_postgres.server import DatabaseUrls
from tests.support import database
from tests.support.web_process import WebProcess, session_cookie

PAGES = ("/", "/admin/", "/poll/")


def get(server, path, accept, cookie):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request("GET", path, headers={"Accept": accept, "Cookie": cookie})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


@pytest.fixture
def own_database(tmp_path):
    """A server of its own: the other tests' database stays up."""
    server = EmbeddedPostgres(tmp_path / "postgres", fast=True)
    urls = server.ensure()
    app = create_app(settings=database.test_settings(DatabaseUrls(*[urls.owner] * 5), tmp_path))
    with app.app_context():
        flask_migrate.upgrade(str(PROJECT / "migrations"))
        yield server
        for engine in db.engines.values():
            engine.dispose()
    server.stop()


def test_a_dead_database_is_answered_503_in_words_until_it_is_back(tmp_path, own_database):
    server = WebProcess(tmp_path)
    staff = session_cookie(current_app, staff_session="a token that has to be looked up")
    server.start()
    try:
        assert get(server, "/", "text/html", "")[0] == 200
        own_database.stop()
        for path in PAGES:
            status, headers, page = get(server, path, "text/html", staff)
            assert (status, headers["Retry-After"]) == (503, "5"), path
            assert headers["X-Request-ID"] in page
            assert not any(mark in page for mark in ("Traceback", "psycopg2", "sqlalchemy", "127.0.0.1"))
            status, _headers, answer = get(server, path, "application/json", staff)
            assert (status, '"code":"not_ready"' in answer.replace(" ", "")) == (503, True), path
        health = [get(server, f"/ops/health{one}", "application/json", staff)[0] for one in ("/live", "", "/ready")]
        assert health == [200, 503, 503]
        assert "smart_voting_database_up 0.0" in get(server, "/ops/metrics", "text/plain", "")[2]
        own_database.ensure()
        assert get(server, "/", "text/html", "")[0] == 200
    finally:
        server.kill()
