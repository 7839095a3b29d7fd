"""Several processes write one log while it is turned over: no line is lost or torn, and it stays within bounds."""

from __future__ import annotations

import logging
import multiprocessing
import os
import stat
from pathlib import Path

from services import log_files
from services.log_files import FILES, SharedFileHandler, turn_over

PROCESSES, LINES = 4, 3000


def write(folder: Path, name: str, lines: int, begun: object) -> None:
    handler = SharedFileHandler(folder / "web.log")
    begun.wait()  # type: ignore[attr-defined]
    for number in range(lines):
        handler.handle(logging.makeLogRecord({"msg": f"{name}-{number}-{'é' * (number % 200)}", "levelno": 20}))
    handler.close()


def all_lines(folder: Path) -> list[str]:
    return [line for path in folder.glob("web.log*") for line in path.read_text(encoding="utf-8").splitlines()]


def test_four_processes_lose_no_line_while_the_file_is_turned_over_again_and_again(tmp_path):
    context = multiprocessing.get_context("fork")
    begun = context.Event()
    writers = [context.Process(target=write, args=(tmp_path, f"p{n}", LINES, begun)) for n in range(PROCESSES)]
    for writer in writers:
        writer.start()
    begun.set()
    turned = 0
    while any(writer.is_alive() for writer in writers):
        # As many older files as are kept, so that none goes: this test is about lines lost on the way.
        if turned < FILES:
            turned += turn_over(tmp_path, limit_mb=100, file_bytes=100_000)
    for writer in writers:
        writer.join()

    assert turned >= 3
    found = [line.rsplit("-", 1) for line in all_lines(tmp_path)]
    assert sorted(name for name, _rest in found) == sorted(f"p{n}-{i}" for n in range(PROCESSES) for i in range(LINES))
    assert all(rest == "é" * (int(name.split("-")[1]) % 200) for name, rest in found), "a line was torn"


def test_a_small_file_is_left_alone(tmp_path):
    (tmp_path / "web.log").write_bytes(b"x" * 99)
    assert turn_over(tmp_path, limit_mb=10, file_bytes=100) == 0
    assert (tmp_path / "web.log").exists()


def test_older_files_move_up_and_the_last_one_goes(tmp_path):
    for number in range(FILES + 3):
        (tmp_path / "web.log").write_text(f"{number:04d}" * 30)
        turn_over(tmp_path, limit_mb=10, file_bytes=100)
    names = sorted(path.name for path in tmp_path.glob("web.log*"))
    assert names == sorted(f"web.log.{number}" for number in range(1, FILES + 1))
    assert (tmp_path / "web.log.1").read_text()[:4] == f"{FILES + 2:04d}"


def test_the_folder_keeps_its_limit_and_the_oldest_go_first(tmp_path):
    for age, name in enumerate(("web.log.1", "worker.log.1", "web.log.2", "web.log.3")):
        (tmp_path / name).write_bytes(bytes(400_000))
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "web.log").write_bytes(bytes(100_000))

    assert turn_over(tmp_path, limit_mb=1) == 2
    assert sorted(path.name for path in tmp_path.glob("*.log*")) == ["web.log", "web.log.1", "worker.log.1"]


def test_two_sweeps_at_once_do_the_work_once(tmp_path):
    (tmp_path / "web.log").write_bytes(bytes(200))
    with log_files._alone(tmp_path) as alone:
        assert alone
        assert turn_over(tmp_path, limit_mb=10, file_bytes=100) == 0
    assert turn_over(tmp_path, limit_mb=10, file_bytes=100) == 1


def test_a_folder_that_is_not_there_needs_no_work(tmp_path):
    assert turn_over(tmp_path / "nowhere", limit_mb=10) == 0


def test_a_log_is_for_its_owner_only(tmp_path):
    handler = SharedFileHandler(tmp_path / "web.log")
    handler.close()
    assert stat.S_IMODE((tmp_path / "web.log").stat().st_mode) == 0o600


def test_a_lost_folder_stops_nobody(tmp_path, capsys):
    folder = tmp_path / "log"
    folder.mkdir()
    handler = SharedFileHandler(folder / "web.log")
    (folder / "web.log").unlink()
    folder.rmdir()
    for _ in range(2):
        handler.handle(logging.makeLogRecord({"msg": "lost"}))
    assert "Logging error" in capsys.readouterr().err

    folder.mkdir()
    handler.handle(logging.makeLogRecord({"msg": "back"}))
    assert (folder / "web.log").read_text() == "back\n"
