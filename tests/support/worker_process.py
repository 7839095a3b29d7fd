"""A worker in a process of its own, so that a test can stop and kill it.

Run as `python -m tests.support.worker_process`; standard input holds one JSON object: urls, folder, changes, lease.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from config import PROJECT
from services.context import platform
from services.embedded_postgres.server import DatabaseUrls

PATIENCE_SECONDS = 120


@contextmanager
def worker_process(folder: Path, changes: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start a worker for the present application, whose test settings are `changes`; kill it at the end."""
    settings = platform().settings
    urls = DatabaseUrls(
        settings.db_owner_url, settings.db_url, settings.db_sealer_url, settings.db_results_url, settings.db_results_url
    )
    task = json.dumps({"urls": asdict(urls), "folder": str(folder), "changes": changes})
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.worker_process"], cwd=PROJECT, stdin=subprocess.PIPE, text=True
    )
    try:
        assert process.stdin is not None
        process.stdin.write(task)
        process.stdin.close()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_until_taken(pid: int, number: int) -> None:
    """Return when the process, which handles the signal, was given it; a busy machine is late with that."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():  # macOS: a moment must do
        time.sleep(1)
        return
    until, pending = time.monotonic() + PATIENCE_SECONDS, True
    while pending and time.monotonic() < until:
        time.sleep(0.01)
        told = dict(line.split(":", 1) for line in status.read_text().splitlines())
        pending = bool(int(told["ShdPnd"], 16) >> (number - 1) & 1)
    assert not pending


def main() -> None:
    from services.jobs import run_worker
    from tests.support.database import test_app

    task = json.load(sys.stdin)
    app = test_app(DatabaseUrls(**task["urls"]), Path(task["folder"]), **task["changes"])
    run_worker(app, poll_seconds=0.05, tasks=())


if __name__ == "__main__":
    main()
