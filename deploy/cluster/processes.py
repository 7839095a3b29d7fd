"""One part as a process: start it, ask whether it lives, kill it. Parts outlive who started them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROC = Path("/proc")
START_SECONDS = 300
"""A node is there within eight seconds on a quiet machine; beside forty busy processes on two cores it took ninety."""
PAUSE_SECONDS = 0.05


class PartDown(RuntimeError):
    """A part did not start; the message names its log."""


@dataclass
class Process:
    """A part below `folder`: its pid file and its log lie there. `account` runs it instead of us, for root only."""

    name: str
    folder: Path
    command: list[str]
    cwd: Path
    env: Mapping[str, str]
    answers: Callable[[], bool] = lambda: True
    account: tuple[int, int] | None = None
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        """The process id, when the part lives."""
        if self._child is not None:
            self._child.poll()  # a child that was killed is no more than its entry until somebody asks
        try:
            pid = int((self.folder / f"{self.name}.pid").read_text())
        except (OSError, ValueError):
            return None
        return pid if _lives(pid, self.command[0]) else None

    def start(self, wait: bool = True) -> None:
        """Start the part unless it lives; with `wait` until it answers. Raises PartDown."""
        if self.pid is None:
            who: dict[str, Any] = {}
            if self.account is not None:
                who = {"user": self.account[0], "group": self.account[1], "extra_groups": []}
            with (self.folder / f"{self.name}.log").open("ab") as log:
                self._child = subprocess.Popen(
                    self.command, cwd=self.cwd, env=dict(self.env), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, **who,
                )  # fmt: skip
            (self.folder / f"{self.name}.pid").write_text(str(self._child.pid))
        if wait:
            self.wait()

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Wait until the part answers. Raises PartDown."""
        deadline = time.monotonic() + seconds
        while not self.answers():
            # A child is asked itself: while a program writes its own title, its command line is empty.
            ended = self.pid is None if self._child is None else self._child.poll() is not None
            if time.monotonic() > deadline or ended:
                raise PartDown(f"{self.name} did not start; see {self.folder / self.name}.log")
            time.sleep(PAUSE_SECONDS)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the part and all it started; wait for the end where the signal ends it."""
        pid = self.pid
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, number)
        if number not in (signal.SIGKILL, signal.SIGTERM):
            return
        deadline = time.monotonic() + 20
        while self.pid is not None and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)
        if self.pid is not None:
            os.killpg(pid, signal.SIGKILL)


def children_of(pid: int) -> list[int]:
    """Return the processes that this one started."""
    found = []
    for entry in PROC.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if int(entry.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.parent.name))
    return found


def _lives(pid: int, program: str) -> bool:
    # The number may belong to a stranger since; its program tells.
    try:
        state = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
        line = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False
    return state != "Z" and (Path(program).name in line)
