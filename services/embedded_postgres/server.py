"""The embedded server as a database: one lock, one superuser, a login for each role, databases for tests."""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import psycopg2.errors
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from services.embedded_postgres.binaries import EmbeddedPostgresError
from services.embedded_postgres.process import ServerProcess
from services.private_file import write_private

DATABASE = "smart_voting"
OWNER = "sv_owner"
LOGIN_ROLES = ("sv_web", "sv_sealer", "sv_results", "sv_auditor")
# Whoever takes the port while the server is down must not be able to ask for a password in clear.
AUTHENTICATION = "scram-sha-256"


@dataclass(frozen=True)
class DatabaseUrls:
    """One SQLAlchemy URL for each database role."""

    owner: str
    web: str
    sealer: str
    results: str
    auditor: str


class EmbeddedPostgres:
    """The server whose files lie under `base`, shared by every process of the installation.

    A file lock orders processes that start together. The server listens on 127.0.0.1 only and survives the
    process that started it. `fast` trades durability for speed and is for tests only.
    """

    def __init__(self, base: Path, fast: bool = False) -> None:
        self.base = base.absolute()
        self._process = ServerProcess(self.base, fast)

    def ensure(self) -> DatabaseUrls:
        """Set up and start the server unless that is done, and return the URLs of the application's database.

        A call on a running server takes a few milliseconds. Raises EmbeddedPostgresError.
        """
        self.base.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if not self._process.is_initialised():
                passwords = {role: secrets.token_urlsafe(24) for role in (OWNER, *LOGIN_ROLES)}
                write_private(self.base / "passwords.json", json.dumps(passwords, indent=1))
                self._process.initialise(OWNER, passwords[OWNER])
            if not self.is_running():
                self._process.bring_up(self.is_running)
            self._create_missing_database()
        return self.urls()

    def urls(self, database: str = DATABASE) -> DatabaseUrls:
        """The URLs of one database of this server, running or not. Raises EmbeddedPostgresError before set-up."""
        passwords, place = self._passwords(), f"127.0.0.1:{self._port()}/{database}?require_auth={AUTHENTICATION}"
        return DatabaseUrls(*(f"postgresql+psycopg2://{r}:{passwords[r]}@{place}" for r in (OWNER, *LOGIN_ROLES)))

    def is_running(self) -> bool:
        """Whether the server takes connections."""
        # Asked before anything connects: a stranger on the port would make us wait, or ask for the password.
        if not self._process.lives():
            return False
        try:
            with self._connect("postgres"):
                return True
        except (psycopg2.OperationalError, EmbeddedPostgresError):
            return False

    def stop(self) -> bool:
        """Stop the server; False when it was not running. Raises EmbeddedPostgresError when it does not stop."""
        if not self._process.is_initialised():
            return False
        with self._locked():
            return self._process.stop()

    def grant_logins(self, database: str = DATABASE) -> None:
        """Let the roles that the migrations made sign in, each with its own password.

        Raises EmbeddedPostgresError when the roles are missing.
        """
        passwords = self._passwords()
        with self._locked(), self._connect(database) as connection, connection.cursor() as cursor:
            for role in LOGIN_ROLES:
                statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
                try:
                    cursor.execute(statement.format(sql.Identifier(role), sql.Literal(passwords[role])))
                except psycopg2.errors.UndefinedObject as error:
                    raise EmbeddedPostgresError(f"The role {role} is missing: run the migrations first.") from error

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database, as a copy of `template` when given (about 12 ms with file copies).

        Raises psycopg2.Error when it exists, or when the template is in use.
        """
        statement: sql.Composable = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            statement += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
        with self._connect("postgres") as connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def drop_database(self, name: str) -> None:
        """Drop a database with its open connections; nothing happens when there is none of this name."""
        with self._connect("postgres") as connection, connection.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _create_missing_database(self) -> None:
        with self._connect("postgres") as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            missing = cursor.fetchone() is None
        if missing:
            self.create_database(DATABASE)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            lock = os.open(self.base / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError as error:
            message = f"{self.base} belongs to another account. Start with that account, or set DB_URL."
            raise EmbeddedPostgresError(message) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    @contextlib.contextmanager
    def _connect(self, database: str) -> Iterator[Connection]:
        connection = psycopg2.connect(
            host="127.0.0.1",
            port=self._port(),
            user=OWNER,
            password=self._passwords()[OWNER],
            dbname=database,
            connect_timeout=5,
            require_auth=AUTHENTICATION,
            options="",  # not what PGOPTIONS of the caller says
        )
        connection.autocommit = True
        try:
            yield connection
        finally:
            connection.close()

    def _port(self) -> int:
        port = self._process.port()
        if port is None:
            raise EmbeddedPostgresError("The embedded PostgreSQL has not been started yet.")
        return port

    def _passwords(self) -> dict[str, str]:
        try:
            passwords: dict[str, str] = json.loads((self.base / "passwords.json").read_text())
        except (OSError, ValueError) as error:
            message = f"{self.base / 'passwords.json'} cannot be read. Without it this database stays closed."
            raise EmbeddedPostgresError(message) from error
        return passwords
