"""What deploy/ holds fits the application that it starts."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from blueprints.cli import server_hooks
from config import PROJECT, REQUEST_BYTES
from deploy.render import render
from services import forking

SITE = (PROJECT / "deploy/nginx/smart-voting.conf.template").read_text()


@pytest.fixture
def gunicorn():
    """The settings as gunicorn reads them from the file."""
    settings = Config()
    names: dict[str, object] = {"__file__": "deploy/gunicorn.conf.py"}
    exec((PROJECT / "deploy/gunicorn.conf.py").read_text(), names)  # noqa: S102  as gunicorn does
    for name, value in names.items():
        if name in settings.settings:
            settings.set(name, value)
    return settings


def test_gunicorn_takes_every_setting_of_the_file(gunicorn):
    assert gunicorn.preload_app
    assert gunicorn.worker_class_str == "gthread"
    assert gunicorn.threads == server_hooks.THREADS
    assert gunicorn.max_requests_jitter > 0
    assert gunicorn.accesslog is None
    assert gunicorn.when_ready is server_hooks.when_ready
    assert gunicorn.post_worker_init is server_hooks.post_worker_init


def test_the_proxy_lets_go_of_an_idle_line_before_the_server_does(gunicorn):
    kept = re.search(r"keepalive_timeout (\d+)s;\n}", SITE)
    assert int(kept[1]) < gunicorn.keepalive


def test_the_proxy_accepts_what_the_application_accepts():
    size = re.search(r"client_max_body_size (\d+)m;", SITE)
    assert int(size[1]) * 1024 * 1024 == REQUEST_BYTES


class Engine:
    """Notes how it was disposed of."""

    def __init__(self) -> None:
        self.closed: list[bool] = []

    def dispose(self, close: bool = True) -> None:
        self.closed.append(close)


@pytest.fixture
def engines(monkeypatch):
    found = {None: Engine(), "results": Engine()}
    monkeypatch.setattr(forking, "db", SimpleNamespace(engines=found))
    monkeypatch.setattr(forking.gc, "freeze", lambda: None)
    return found.values()


def test_a_loaded_application_closes_its_connections_before_it_forks_and_its_child_closes_none(app, engines):
    server = SimpleNamespace(app=SimpleNamespace(callable=app))
    server_hooks.when_ready(server)
    assert [engine.closed for engine in engines] == [[True], [True]]
    server_hooks.post_fork(server, None)
    assert [engine.closed for engine in engines] == [[True, False], [True, False]]


def test_an_application_that_each_child_loads_shares_nothing(engines):
    server = SimpleNamespace(app=SimpleNamespace(callable=None))
    server_hooks.when_ready(server)
    server_hooks.post_fork(server, None)
    assert [engine.closed for engine in engines] == [[], []]


def test_a_template_is_filled_in_but_for_its_comments_and_the_variables_of_nginx():
    text = "# ${SV_NAME} is a name\nserver_name ${SV_NAME};\nreturn $host$request_uri;\n"
    assert render(text, {"SV_NAME": "vote.example.org"}) == (
        "# ${SV_NAME} is a name\nserver_name vote.example.org;\nreturn $host$request_uri;\n"
    )


def test_a_template_without_a_value_names_all_that_are_missing():
    with pytest.raises(KeyError) as error:
        render("${SV_B} ${SV_A} ${SV_C}", {"SV_C": "here"})
    assert error.value.args == ("SV_A", "SV_B")
