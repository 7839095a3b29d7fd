"""An installation of its own for one run: embedded PostgreSQL, gunicorn and worker as `make run` starts them."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from app import create_app
from benchmarks.day.web import FLOOR_FILE
from blueprints.cli import serve
from config import PROJECT, Settings, load_settings
from services.embedded_postgres import EmbeddedPostgres

START_SECONDS = 180
FLOOR_MB = 10
"""Low, so that a nearly full machine can run the day; the run raises it when it plays a full disk."""
APPLICATION = "benchmarks.day.web:build()"


class Installation:
    """Everything below `folder`; nothing of the caller's `.env` or database is used."""

    def __init__(
        self, folder: Path, engine: str, liveness: bool = True, application: str = APPLICATION, **changes: str
    ) -> None:
        self.folder, self._application = folder, application
        self.port = _free_port()
        self._values = dict.fromkeys(Settings.names(), "") | {
            "APP_ENV": "development", "SECRET_KEY": secrets.token_urlsafe(48), "VAR_FOLDER": str(folder / "var"),
            "UPLOAD_FOLDER": str(folder / "uploads"), "PORT": str(self.port), "FACE_ENGINE": engine,
            "LOG_LEVEL": "ERROR", "LIVENESS": "on" if liveness else "off", **changes,
        }  # fmt: skip
        self.settings = load_settings(overrides=self._values)
        self.postgres = EmbeddedPostgres(self.settings.embedded_database_folder)
        self.app: Flask
        self._web: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None

    def prepare(self) -> Flask:
        """Start the database, make the schema; return an application to look into it with."""
        serve.migrate(self.settings)
        self.set_floor(FLOOR_MB)
        self.app = create_app(settings=self.settings.resolve_database())
        return self.app

    def serve(self) -> None:
        """Start web server and worker."""
        self.start_web()
        self.start_worker()

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start the worker and return its process."""
        self._worker = self._start(serve.worker_command(), "worker")
        return self._worker

    def start_web(self) -> None:
        """Start gunicorn with the settings of `make run` and wait until it answers."""
        self._web = self._start(serve.web_command(self.settings, self._application), "web")
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > deadline or self._web.poll() is not None:
                raise TimeoutError(f"The web server did not start; see {self.folder / 'web.log'}")
            time.sleep(0.1)

    def answers(self) -> bool:
        """Tell whether the web server answers and has its database."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/ops/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    @property
    def web_pid(self) -> int:
        """The process id of gunicorn's first process; its workers are below it."""
        assert self._web is not None
        return self._web.pid

    @property
    def worker_pid(self) -> int | None:
        """The process id of the worker, None while there is none."""
        return self._worker.pid if self._worker is not None and self._worker.poll() is None else None

    def kill_web(self) -> None:
        """Kill every web process with -9."""
        assert self._web is not None
        os.killpg(self._web.pid, signal.SIGKILL)
        self._web.wait()
        self._web = None

    def crash_database(self) -> None:
        """Stop PostgreSQL as a power cut would: no checkpoint, every connection dies."""
        with self.postgres._locked():
            done = self.postgres._process._pg_ctl("stop", "-m", "immediate")
        assert done.returncode == 0, done.stdout

    def start_database(self) -> None:
        self.postgres.ensure()

    def set_floor(self, megabytes: int) -> None:
        """Set how much of the disk must stay free; the web server reads it at every request."""
        draft = self.folder / "floor.new"
        draft.write_text(str(megabytes))
        draft.rename(self.folder / "floor")

    def stop(self) -> None:
        """Stop what was started; the folder stays."""
        self.stop_serving()
        self.postgres.stop()

    def stop_serving(self) -> None:
        """Stop web server and worker; the database goes on."""
        for process in (self._web, self._worker):
            if process is not None and process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    def _start(self, command: list[str], name: str) -> subprocess.Popen[bytes]:
        own: dict[str, Any] = {**os.environ, **self._values, "FLASK_SKIP_DOTENV": "1"}
        own[FLOOR_FILE] = str(self.folder / "floor")
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(command, cwd=PROJECT, env=own, stdout=log, stderr=log, start_new_session=True)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def installed(name: str, engine: str = "fake", **options: Any) -> Iterator[Installation]:
    """Give an installation in a folder of its own; afterwards it is stopped and the folder removed."""
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder:
        Path(folder).chmod(0o755)  # the embedded database runs as another account
        installation = Installation(Path(folder), engine, **options)
        try:
            yield installation
        finally:
            installation.stop()
