"""The first start: a private `.env` with secrets of its own, made once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bcrypt
import pytest
from dotenv import dotenv_values

from config import PROJECT, Settings
from services import private_file
from services.first_run import ALPHABET, generate_password, prepare_settings
from services.private_file import write_private


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".env.example").write_text((PROJECT / ".env.example").read_text())
    return tmp_path


def test_first_start_writes_settings_that_pass_every_rule(project: Path) -> None:
    prepare_settings(project)
    settings = Settings.from_environment(dotenv_values(project / ".env", interpolate=False))
    settings.validate()
    assert len(settings.secret_key) >= 32
    assert settings.uses_embedded_database


def test_generated_password_opens_the_stored_hash(project: Path) -> None:
    made = prepare_settings(project)
    stored = dotenv_values(project / ".env", interpolate=False)["ADMIN_DEFAULT_PASS_HASH"]
    assert made.created
    assert stored.startswith("$2b$12$")
    assert bcrypt.checkpw(made.admin_password.encode(), stored.encode())
    assert made.admin_password not in (project / ".env").read_text()


def test_settings_file_is_readable_by_its_owner_only(project: Path) -> None:
    prepare_settings(project)
    assert stat.S_IMODE((project / ".env").stat().st_mode) == 0o600
    assert sorted(path.name for path in project.iterdir()) == [".env", ".env.example"]


def test_second_start_changes_nothing_and_knows_no_password(project: Path) -> None:
    prepare_settings(project)
    before = (project / ".env").read_bytes()
    again = prepare_settings(project)
    assert (again.created, again.admin_password, again.admin_user) == (False, None, "admin")
    assert (project / ".env").read_bytes() == before


def test_settings_of_the_operator_are_left_alone(project: Path) -> None:
    (project / ".env").write_text("ADMIN_DEFAULT_USER=chair\n")
    assert prepare_settings(project).admin_user == "chair"
    assert (project / ".env").read_text() == "ADMIN_DEFAULT_USER=chair\n"


def test_two_installations_share_no_secret(project: Path) -> None:
    made = []
    for _ in range(2):
        made.append((prepare_settings(project).admin_password, dotenv_values(project / ".env")["SECRET_KEY"]))
        (project / ".env").unlink()
    assert not set(made[0]) & set(made[1])


def test_processes_that_start_together_agree_on_one_password(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(100))
    monkeypatch.setattr(private_file.os, "getpid", lambda: next(numbers))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(prepare_settings, [project] * 4))
    winners = [result for result in made if result.created]
    stored = dotenv_values(project / ".env", interpolate=False)["ADMIN_DEFAULT_PASS_HASH"]
    assert len(winners) == 1
    assert bcrypt.checkpw(winners[0].admin_password.encode(), stored.encode())


def test_password_is_made_of_letters_that_cannot_be_mistaken() -> None:
    text = "".join(generate_password().replace("-", "") for _ in range(200))
    assert set(text) == set(ALPHABET)
    assert len(text) == 200 * 16


def test_failed_write_leaves_the_old_file_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "port"
    write_private(target, "old")

    def full_disk(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(private_file.os, "fsync", full_disk)
    with pytest.raises(OSError, match="disk full"):
        write_private(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
