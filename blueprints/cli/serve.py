"""`make run`: prepare everything that is missing, then serve the demo until Ctrl-C."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import flask_migrate
from flask import Flask

from app import create_app
from config import PROJECT, Settings, SettingsError, child_environment, load_settings
from models import transaction
from services import first_run, seed
from services.boot import check_keys_at_start
from services.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from services.errors import StorageAway
from services.security import KeyringError
from services.tls_certificate import ANY_ADDRESS, ensure_certificate, own_addresses

WEB_PROCESSES = 2
WAIT_SECONDS = 60


def main() -> int:
    """Serve until a signal; return the exit status."""
    try:
        first = first_run.prepare_settings(PROJECT)
        settings = load_settings()
        if not _port_is_free(settings):
            print(f"Port {settings.port} is in use. Choose another: PORT=8001 make run", file=sys.stderr)  # noqa: T201
            return 1
        report = prepare(settings)
    except (SettingsError, EmbeddedPostgresError, KeyringError, StorageAway) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return run(settings, first, report)


def prepare(settings: Settings) -> seed.SeedReport:
    """Start the database, bring the schema up to date, let the roles sign in, seed the demo."""
    with migrate(settings).app_context(), transaction():
        return seed.seed()


def migrate(settings: Settings) -> Flask:
    """Start the database, bring the schema up to date, let the roles sign in; return the owner's application."""
    resolved = settings.resolve_database()
    app = create_app(settings=replace(resolved, db_url=resolved.db_owner_url or resolved.db_url))
    with app.app_context():
        flask_migrate.upgrade(str(PROJECT / "migrations"))
        if settings.uses_embedded_database:
            EmbeddedPostgres(settings.embedded_database_folder).grant_logins()
        check_keys_at_start()
    return app


def run(settings: Settings, first: first_run.FirstRun, report: seed.SeedReport) -> int:
    """Run the web server and the worker; stop both, and the database, when either ends or a signal comes."""
    commands = (web_command(settings), worker_command())
    children = [subprocess.Popen(command, cwd=PROJECT, env=child_environment()) for command in commands]
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        _wait_for_answer(settings, children)
        print("\n".join(_welcome(settings, first, report)), flush=True)  # noqa: T201
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
        return 1
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()
        if settings.uses_embedded_database:
            EmbeddedPostgres(settings.embedded_database_folder).stop()


def web_command(settings: Settings, application: str = "app:create_app()") -> list[str]:
    """Return the command line of the web server."""
    web = [
        str(Path(sys.executable).parent / "gunicorn"), application,
        "--config", str(PROJECT / "deploy/gunicorn.conf.py"),
        "--bind", f"{settings.host}:{settings.port}", "--workers", str(WEB_PROCESSES), "--log-level", "warning",
    ]  # fmt: skip
    if settings.https:
        certificate, key = ensure_certificate(settings.var_folder / "tls", settings.host)
        web += ["--certfile", str(certificate), "--keyfile", str(key)]
    return web


def worker_command() -> list[str]:
    """Return the command line of the worker."""
    return [sys.executable, "-m", "flask", "--app", "app", "worker"]


def _wait_for_answer(settings: Settings, children: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline and all(child.poll() is None for child in children):
        if not _port_is_free(settings):
            return
        time.sleep(0.2)


def _port_is_free(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "") else settings.host  # noqa: S104
    try:
        socket.create_connection((host, settings.port), timeout=1).close()
    except OSError:
        return True
    return False


def _welcome(settings: Settings, first: first_run.FirstRun, report: seed.SeedReport) -> list[str]:
    scheme = "https" if settings.https else "http"
    host = "localhost" if settings.host in ("127.0.0.1", "0.0.0.0") else settings.host  # noqa: S104
    lines = ["", f"  Smart Voting is ready: {scheme}://{host}:{settings.port}/"]
    if settings.host == ANY_ADDRESS:
        lines += [f"  In the local network:  {scheme}://{one}:{settings.port}/" for one in own_addresses()]
    lines.append("")
    if first.admin_password:
        lines.append(f"  Election Commission: {first.admin_user}  {first.admin_password}   (shown once)")
    lines += [f"  {line}" for line in report.lines()]
    return [*lines, "  Mailbox of the demo: /ops/mailbox.  Ctrl-C stops everything.", ""]


if __name__ == "__main__":
    sys.exit(main())
