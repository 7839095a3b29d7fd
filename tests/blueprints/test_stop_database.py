"""`make db-stop` without the application, which would start what it is to stop."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprints.cli import stop
from config import SettingsError, load_settings


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
