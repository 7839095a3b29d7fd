"""Fixtures: a real PostgreSQL, an application, clients that are signed in, and no way out of this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from nacl.pwhash import argon2id

from config import PROJECT
from models import StaffRole, db
from services import sealed_file
from services.clock import set_clock
from services.embedded_postgres import EmbeddedPostgres
from services.security import passwords
from tests import factories
from tests.support import cases, database
from tests.support.garbage import pytest_runtestloop  # noqa: F401 (hook)
from tests.support.required import pytest_collection_finish, pytest_runtest_makereport  # noqa: F401 (hooks)
from tests.support.second_tries import pytest_terminal_summary  # noqa: F401 (hook)
from tests.support.sharing_out import pytest_collection_modifyitems, pytest_xdist_make_scheduler  # noqa: F401 (hooks)

SHARED = PROJECT.parent / "shared"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test opens a socket beyond this machine."""

    def guard(name: str) -> None:
        original = getattr(socket.socket, name)

        def loopback_only(self: socket.socket, *arguments: Any) -> Any:
            address = arguments[-1]
            if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
                raise OSError(f"Tests may not leave this machine: {address!r}")
            return original(self, *arguments)

        monkeypatch.setattr(socket.socket, name, loopback_only)

    for name in ("connect", "connect_ex", "sendto"):
        guard(name)


@pytest.fixture(autouse=True)
def clock_of_this_machine() -> Iterator[None]:
    """Give the next test a clock that it can move: an application as in production sets it by its database's."""
    yield
    set_clock(None)


@pytest.fixture(autouse=True)
def cheap_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords and passphrases in a millisecond instead of a quarter of a second and more."""
    if "full_password_cost" not in request.fixturenames:
        monkeypatch.setattr(passwords, "COST", 4)
        monkeypatch.setattr(sealed_file, "OPSLIMIT", argon2id.OPSLIMIT_MIN)
        monkeypatch.setattr(sealed_file, "MEMLIMIT", argon2id.MEMLIMIT_MIN)


@pytest.fixture
def full_password_cost() -> None:
    """Leave the work of a password as it is in production."""


@pytest.fixture(scope="session")
def bucket_service() -> Iterator[Any]:
    """A bucket of a real S3 protocol, over HTTP, in this process."""
    from tests.support.bucket import Service  # boto3 and moto take a second: only who needs a bucket pays it

    service = Service()
    yield service
    service.stop()


@pytest.fixture
def wire(bucket_service: Any) -> Iterator[Any]:
    """A line to the bucket that a test can cut."""
    from tests.support.bucket import Wire

    wire = Wire(bucket_service.port)
    yield wire
    wire.close()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let boto3 try again without waiting, and wait long for what a busy machine is slow to do."""
    for name in ("CONNECT_SECONDS", "READ_SECONDS", "LOOK_SECONDS"):
        monkeypatch.setattr(f"services.storage.s3.{name}", 60)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)


@pytest.fixture(scope="session")
def postgres() -> EmbeddedPostgres:
    database.SERVER_FOLDER.mkdir(parents=True, exist_ok=True)
    server = EmbeddedPostgres(database.SERVER_FOLDER, fast=True)
    server.ensure()
    return server


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    return database.migrated_template(postgres, tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def shared_app(postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One application for all tests that roll back."""
    with database.cloned_database(postgres, template) as urls:
        app = database.test_app(urls, tmp_path_factory.mktemp("app"))
        app.config["WTF_CSRF_ENABLED"] = False
        yield app
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()


@pytest.fixture
def app(shared_app: Flask) -> Iterator[Flask]:
    """The application inside its context, with a database that forgets everything after the test."""
    with shared_app.app_context(), database.savepoint_session(shared_app):
        yield shared_app


@pytest.fixture
def db_session(app: Flask) -> Any:
    return db.session


@pytest.fixture
def csrf_enforced(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)


@pytest.fixture
def make_committing_app(postgres: EmbeddedPostgres, template: str, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Build applications that commit for real, each on a cloned database with the real logins of all roles."""
    with ExitStack() as stack:

        def make(**changes: str) -> Flask:
            urls = stack.enter_context(database.cloned_database(postgres, template))
            app = database.test_app(urls, tmp_path, **changes)
            app.config["WTF_CSRF_ENABLED"] = False
            stack.callback(_dispose, app)
            return app

        yield make


@pytest.fixture
def committing_app(make_committing_app: Callable[..., Flask]) -> Iterator[Flask]:
    app = make_committing_app()
    with app.app_context():
        yield app


def _dispose(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask) -> Callable[..., FlaskClient]:
    """Give a client signed in as a new staff member of a role; `client.user` is that person.

    The person is on the list of every present election, unless `on_lists=False`.
    """

    def make(role: StaffRole, **values: Any) -> FlaskClient:
        user, token = cases.staff_token(role, **values)
        client = app.test_client()
        client.user = user  # type: ignore[attr-defined]
        with client.session_transaction() as session:
            session["staff_session"] = token
        return client

    return make


@pytest.fixture
def admin_client(sign_in: Callable[[StaffRole], FlaskClient]) -> FlaskClient:
    return sign_in(StaffRole.ADMIN)


@pytest.fixture
def officer_client(sign_in: Callable[[StaffRole], FlaskClient]) -> FlaskClient:
    return sign_in(StaffRole.OFFICER)


@pytest.fixture
def observer_client(sign_in: Callable[[StaffRole], FlaskClient]) -> FlaskClient:
    return sign_in(StaffRole.OBSERVER)


@pytest.fixture
def make_kiosk_client(app: Flask) -> Callable[..., FlaskClient]:
    """Give a client that is a kiosk of an election; `client.kiosk` is its row."""

    def make(election: Any) -> FlaskClient:
        kiosk, token = cases.kiosk_token(election)
        client = app.test_client()
        client.kiosk = kiosk  # type: ignore[attr-defined]
        with client.session_transaction() as session:
            session["kiosk"] = token
        return client

    return make


@pytest.fixture
def open_election(app: Flask) -> Any:
    """An open secret election with two candidates."""
    return factories.make_open_election()


@pytest.fixture
def kiosk_client(open_election: Any, make_kiosk_client: Callable[..., FlaskClient]) -> FlaskClient:
    """A kiosk of `open_election`."""
    return make_kiosk_client(open_election)
