"""A worker in a process of its own, so that a test can stop and kill it.

Run as `python -m tests.support.worker_process`; standard input holds one JSON object: urls, folder, changes, lease.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from config import PROJECT
from services.context import platform
from services.embedded_postgres.server import DatabaseUrls


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


def main() -> None:
    from services.jobs import run_worker
    from tests.support.database import test_app

    task = json.load(sys.stdin)
    app = test_app(DatabaseUrls(**task["urls"]), Path(task["folder"]), **task["changes"])
    run_worker(app, poll_seconds=0.05, tasks=())


if __name__ == "__main__":
    main()
