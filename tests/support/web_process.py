"""A web server in processes of its own, so that a test can kill it with -9 at any moment and start it again."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import signal
import socket
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Flask

from blueprints.cli.server_hooks import THREADS
from config import PROJECT
from services.context import platform
from services.embedded_postgres.server import DatabaseUrls

TASK = "SV_TEST_TASK"
START_SECONDS = 120
SERVERS = multiprocessing.get_context("forkserver")
"""Starts each server from a process that has imported the application already, which is most of a start."""
SERVERS.set_forkserver_preload(
    [
        "gunicorn.app.wsgiapp",
        "gunicorn.workers.gthread",
        __name__,
        "tests.support.database",
        "tests.support.warm_server",
    ]
)


class WebProcess:
    """gunicorn with the present application's settings and database."""

    def __init__(self, folder: Path, workers: int = 2, csrf: bool = False, **changes: str) -> None:
        settings = platform().settings
        urls = DatabaseUrls(
            settings.db_owner_url, settings.db_url, settings.db_sealer_url, settings.db_results_url,
            settings.db_results_url,
        )  # fmt: skip
        self._task = json.dumps({"urls": asdict(urls), "folder": str(folder), "changes": changes, "csrf": csrf})
        self._workers = workers
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process: Any = None

    def start(self) -> None:
        arguments = [
            "tests.support.web_process:build()", "--bind", f"127.0.0.1:{self.port}", "--workers", str(self._workers),
            "--worker-class", "gthread", "--threads", str(THREADS), "--log-level", "critical", "--config",
            "python:blueprints.cli.server_hooks",
        ]  # fmt: skip
        self._process = SERVERS.Process(target=_serve, args=(arguments, {**os.environ, TASK: self._task}), daemon=True)
        self._process.start()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                self.request("GET", "/ops/health")
                return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError("The web process did not start.")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Return the process id of the server's first process; the workers are below it."""
        if self._process is None:
            raise RuntimeError("The server is not running.")
        pid: int = self._process.pid
        return pid

    def kill(self) -> None:
        """Kill every process of the server with -9."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.join()
            self._process = None

    def request(self, method: str, path: str, content: object = None, cookie: str = "") -> tuple[int, Any]:
        """Send one JSON request; return status and decoded answer. Raises OSError when the server is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Cookie": cookie}
        try:
            connection.request(method, path, json.dumps(content) if content is not None else None, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"null")
        except (http.client.HTTPException, ValueError) as error:
            raise OSError("The answer was cut off.") from error
        finally:
            connection.close()


def _serve(arguments: list[str], environment: dict[str, str]) -> None:
    """Be gunicorn, in a process group of its own that can be killed as a whole."""
    from gunicorn.app import wsgiapp

    os.setsid()
    os.chdir(PROJECT)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["gunicorn", *arguments]
    wsgiapp.run()


def session_cookie(app: Flask, **values: object) -> str:
    """Return the Cookie header of a browser whose session holds the values."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return f"{app.config['SESSION_COOKIE_NAME']}={serializer.dumps(values)}"


def build() -> Flask:
    """Build the application that the test described in the environment."""
    from tests.support.axe import serving_axe
    from tests.support.database import test_app

    task = json.loads(os.environ[TASK])
    app = test_app(DatabaseUrls(**task["urls"]), Path(task["folder"]), **task["changes"])
    app.config["WTF_CSRF_ENABLED"] = task["csrf"]
    app.extensions["live"].runs = True
    app.wsgi_app = serving_axe(app.wsgi_app)  # type: ignore[method-assign]
    return app
