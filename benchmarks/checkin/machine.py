"""Processor time of a run by who spent it: on a machine that others use, it says more than the clock."""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks.day.installation import Installation

TICKS = os.sysconf("SC_CLK_TCK")
POSTMASTER = "postmaster.pid"


class Spent:
    """Processor seconds of web server, database and phones, and of the whole machine, since this was made."""

    def __init__(self, installation: Installation) -> None:
        data = next(Path(installation.folder).rglob(POSTMASTER))
        self._roots = {"web server": installation.web_pid, "database": int(data.read_text().split()[0])}
        self._before, self._begun = self._now(), time.monotonic()

    def of_web(self) -> float:
        """Return the processor seconds of the web server."""
        return self._now()["web server"] - self._before["web server"]

    def said(self, answers: int, people: int | None = None) -> str:
        """Return the figures in one sentence."""
        passed = time.monotonic() - self._begun
        now = self._now()
        spent = {name: now[name] - self._before[name] for name in now}
        others = spent["machine"] - sum(spent[name] for name in spent if name != "machine")
        shown = ", ".join(f"{name} {spent[name]:.1f}" for name in ("web server", "database", "phones"))
        return (
            f"processor seconds: {shown}; everything else on this machine {others:.1f}, of"
            f" {passed * (os.cpu_count() or 1):.0f} there were; an answer cost the web server"
            f" {1000 * spent['web server'] / max(1, answers):.1f} ms"
            + (f", a member {1000 * spent['web server'] / max(1, people):.0f} ms" if people is not None else "")
        )

    def _now(self) -> dict[str, float]:
        found = {name: _of_tree(pid) for name, pid in self._roots.items()}
        own = os.times()
        busy = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
        # User, nice, system, interrupts: all but idle and waiting for the disk.
        return found | {
            "phones": own.user + own.system,
            "machine": sum(busy[place] for place in (0, 1, 2, 5, 6)) / TICKS,
        }


def _of_tree(pid: int) -> float:
    """Return the seconds of a process, its ended children and its living ones."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / TICKS + sum(_of_tree(int(child)) for child in children)
