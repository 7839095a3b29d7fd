"""`make db-stop` without the application, which would start what it is to stop."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from blueprints.cli import stop
from config import PROJECT, Settings, SettingsError, load_settings
from services.embedded_postgres import EmbeddedPostgres


def test_stopping_a_database_that_never_ran_starts_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings("testing", {"VAR_FOLDER": str(tmp_path)})
    monkeypatch.setattr(stop, "load_settings", lambda: settings)
    assert stop.main() == 0
    assert capsys.readouterr().out == "The database was not running.\n"
    assert list(tmp_path.iterdir()) == []


def test_settings_that_cannot_be_read_are_named_without_a_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreadable() -> None:
        raise SettingsError(["PORT: write a whole number"])

    monkeypatch.setattr(stop, "load_settings", unreadable)
    assert stop.main() == 1
    assert "PORT: write a whole number" in capsys.readouterr().err


def test_flask_db_stop_does_not_start_what_it_stops(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", fast=True)
    server.ensure()
    server.stop()
    log = tmp_path / "postgres" / "data" / "start.log"
    before = log.stat().st_mtime_ns
    blank = dict.fromkeys(Settings.names(), "")
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "db-stop"],
        cwd=PROJECT, env={**os.environ, **blank, "VAR_FOLDER": str(tmp_path), "FLASK_SKIP_DOTENV": "1"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "The database was not running."), done.stderr
    assert log.stat().st_mtime_ns == before
    assert not server.is_running()
