"""Real PostgreSQL for tests: one server, one migrated template, a clone for every test process."""

from __future__ import annotations

import fcntl
import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import text
from sqlalchemy.engine import Connection

from app import create_app
from config import PROJECT, Settings, load_settings
from models import base, db
from services.embedded_postgres import EmbeddedPostgres
from services.embedded_postgres.server import DatabaseUrls

SERVER_FOLDER = PROJECT / "var" / "testing" / "postgres"
TEMPLATES_FOLDER = PROJECT / "var" / "testing" / "templates"


def test_settings(urls: DatabaseUrls, folder: Path, **changes: str) -> Settings:
    """Settings of a test application whose files live under `folder`; `changes` are settings by name."""
    values = {
        "VAR_FOLDER": str(folder / "var"),
        "UPLOAD_FOLDER": str(folder / "uploads"),
        "FACE_ENGINE": "fake",
        **changes,
    }
    return load_settings("testing", values).with_databases(urls)


def test_app(urls: DatabaseUrls, folder: Path, **changes: str) -> Flask:
    """Build a test application; the templates that another one has compiled are read, not compiled once more."""
    app = create_app(settings=test_settings(urls, folder, **changes))
    # What a template compiles to depends on its text, which the cache compares, on Jinja, and on how it is set up.
    made_by = b"".join((PROJECT / name).read_bytes() for name in ("app.py", "requirements.txt"))
    compiled = TEMPLATES_FOLDER / hashlib.sha256(made_by).hexdigest()[:12]
    compiled.mkdir(parents=True, exist_ok=True)
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(compiled))
    return app


def migrated_template(server: EmbeddedPostgres, folder: Path) -> str:
    """Return the name of a database with the present schema; made once for each state of the migrations."""
    digest = hashlib.sha256()
    for path in sorted((PROJECT / "migrations").rglob("*")):
        if path.suffix in (".py", ".sql"):
            digest.update(path.read_bytes())
    name = f"template_{digest.hexdigest()[:12]}"
    with (SERVER_FOLDER / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _exists(server, name):
            _build(server, folder, f"{name}_new")
            _rename(server, f"{name}_new", name)
    return name


@contextmanager
def cloned_database(server: EmbeddedPostgres, template: str) -> Iterator[DatabaseUrls]:
    """Give a copy of the template and drop it afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    server.create_database(name, template)
    try:
        yield server.urls(name)
    finally:
        server.drop_database(name)


@contextmanager
def savepoint_session(app: Flask) -> Iterator[Any]:
    """Run one test in one transaction that is rolled back; rights are those of the role in use, as in production."""
    engine = db.engines["owner"]
    engine.dialect.do_savepoint = _savepoint_as_role  # type: ignore[method-assign]
    with engine.connect() as connection:
        outer = connection.begin()
        db.session.remove()
        db.session.configure(bind=connection, join_transaction_mode="create_savepoint")
        try:
            yield db.session
            db.session.remove()
            connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))  # no commit will come to check them
        finally:
            db.session.remove()
            db.session.configure(bind=None)
            outer.rollback()


def _savepoint_as_role(connection: Connection, name: str) -> None:
    """Begin a savepoint with the rights of the role in use, in one message: there are three in every request."""
    role = base._role.get()
    connection.exec_driver_sql(
        f"SAVEPOINT {name}; " + ("RESET ROLE" if role == "owner" else f"SET LOCAL ROLE sv_{role}")
    )


def _build(server: EmbeddedPostgres, folder: Path, name: str) -> None:
    server.drop_database(name)
    server.create_database(name)
    urls = server.urls(name)
    app = create_app(settings=test_settings(DatabaseUrls(*[urls.owner] * 5), folder))
    with app.app_context():
        flask_migrate.upgrade(str(PROJECT / "migrations"))
        for engine in db.engines.values():
            engine.dispose()
    server.grant_logins(name)


def _exists(server: EmbeddedPostgres, name: str) -> bool:
    with server._connect("postgres") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        return cursor.fetchone() is not None


def _rename(server: EmbeddedPostgres, old: str, new: str) -> None:
    with server._connect("postgres") as connection, connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{old}" RENAME TO "{new}"')
