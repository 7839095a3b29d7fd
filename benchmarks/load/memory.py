"""Memory of each process of an installation: what it holds for itself (USS), its share of all (PSS), and its peak."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.checkin.machine import POSTMASTER
from benchmarks.day.installation import Installation


@dataclass(frozen=True)
class Held:
    """Megabytes of one process: `pss` divides shared pages among those who share them."""

    name: str
    pid: int
    rss: float
    pss: float
    own: float


def held(installation: Installation) -> list[Held]:
    """Return every process of web server, worker and database."""
    data = next(Path(installation.folder).rglob(POSTMASTER))
    roots = {
        "web": installation.web_pid,
        "worker": installation.worker_pid,
        "database": int(data.read_text().split()[0]),
    }
    found = []
    for name, root in roots.items():
        tree = _tree(root) if root else []
        found += [one for pid in tree if (one := _held(f"{name} {'parent' if pid == root else 'child'}", pid))]
    return found


def table(installation: Installation) -> str:
    """Return a line for each process of ours and one for the database's processes together."""
    lines = [f"{'process':16}{'RSS':>8}{'PSS':>8}{'own':>8}   MB"]
    processes = held(installation)
    for one in processes:
        if not one.name.startswith("database"):
            lines.append(f"{one.name:16}{one.rss:8.0f}{one.pss:8.0f}{one.own:8.0f}")
    database = [one for one in processes if one.name.startswith("database")]
    name = f"database ({len(database)})"
    return "\n".join(
        [*lines, f"{name:16}{'':8}{sum(one.pss for one in database):8.0f}{sum(one.own for one in database):8.0f}"]
    )


def _tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in _tree(int(child)))]


def _held(name: str, pid: int) -> Held | None:
    try:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return None
    kilobytes = {row.split(":")[0]: int(row.split()[1]) for row in rows if row.endswith("kB")}
    own = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return Held(name, pid, kilobytes["Rss"] / 1024, kilobytes["Pss"] / 1024, own / 1024)
