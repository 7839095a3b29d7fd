"""Counters and gauges for Prometheus, one small API: `metrics.count("failed_sign_in")`.

Every process of an installation keeps its figures in one folder (prometheus-client's multiprocess mode; `config.py`
names it), and any of them answers the sum. No label ever holds a person, an address with numbers, or a choice.
"""

from __future__ import annotations

import enum
import fcntl
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import event as database_event

PREFIX = "smart_voting"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds: a page takes some hundredths, a check of a face up to some seconds."""


class Event(enum.StrEnum):
    """What is counted. Each is a metric of its own, `smart_voting_<name>s_total`."""

    FAILED_SIGN_IN = "failed_sign_in"
    REFUSED_REQUEST = "refused_request"
    RATE_LIMITED_REQUEST = "rate_limited_request"
    SUSPICIOUS_ACTIVITY = "suspicious_activity"
    FACE_MISMATCH = "face_mismatch"
    SERVER_ERROR = "server_error"
    DATABASE_FAILURE = "database_failure"
    STORAGE_FAILURE = "storage_failure"
    REFUSED_STREAM = "refused_stream"


HELP = {
    Event.FAILED_SIGN_IN: "Sign-ins with a wrong name, password or code.",
    Event.REFUSED_REQUEST: "Requests refused for want of a right, a session or a token.",
    Event.RATE_LIMITED_REQUEST: "Requests refused because there were too many.",
    Event.SUSPICIOUS_ACTIVITY: "Acts that somebody should look at: guessing, changed definitions, bursts of refusals.",
    Event.FACE_MISMATCH: "Checks at a booth whose face was another person's.",
    Event.SERVER_ERROR: "Requests that ended with an unexpected error.",
    Event.DATABASE_FAILURE: "Requests that ended because the database did not answer.",
    Event.STORAGE_FAILURE: "Requests that ended because the bucket of the pictures did not answer.",
    Event.REFUSED_STREAM: "Live pages told to poll because all streams of the process were taken.",
}


@dataclass(frozen=True)
class _Meters:
    """The metrics of this process."""

    requests: Histogram
    events: dict[Event, Counter]
    streams: Gauge
    connections: Gauge


_lock = threading.Lock()
_folders: list[Path] = []
_made: list[_Meters] = []


def keep_in(folder: Path) -> None:
    """Keep this process's figures in `folder`, which exists; the first call decides, as in prometheus-client."""
    with _lock:
        if not _folders:
            _folders.append(folder)


def count(event: str, times: int = 1) -> None:
    """Count an event of the list above. Raises ValueError for another name. A rolled back transaction counts too."""
    _meters().events[Event(event)].inc(times)


def observe_request(route: str, method: str, status: int, seconds: float) -> None:
    """Note how long a request took; `route` is the name of a view, never its address."""
    _meters().requests.labels(route, method, f"{status // 100}xx").observe(seconds)


def streams_changed(change: int) -> None:
    """Add to the number of open streams."""
    _meters().streams.inc(change)


def connections_changed(change: int) -> None:
    """Add to the number of database connections in use."""
    _meters().connections.inc(change)


def exposition(figures: Iterable[Metric]) -> bytes:
    """Return all metrics of the installation as Prometheus reads them, and `figures` of the database with them."""
    _meters()
    _forget_dead(_folders[0])
    registry = CollectorRegistry()
    registry.register(_Figures((*_sums(_folders[0]), *figures)))
    return generate_latest(registry)


def watch_pool(engines: Iterable[Any]) -> None:
    """Count the connections that these SQLAlchemy engines hand out."""
    for engine in engines:
        database_event.listen(engine, "checkout", lambda *_: connections_changed(1))
        database_event.listen(engine, "checkin", lambda *_: connections_changed(-1))


@dataclass(frozen=True, eq=False)
class _Figures:
    """A collector of what was read elsewhere."""

    metrics: tuple[Metric, ...]

    def collect(self) -> tuple[Metric, ...]:
        return self.metrics


def _sums(folder: Path) -> Iterable[Metric]:
    """Return the figures of all processes."""
    written = [str(path) for path in folder.glob("*.db") if _is_written(path)]
    merged: Iterable[Metric] = MultiProcessCollector.merge(written)
    return merged


def _is_written(path: Path) -> bool:
    """Tell whether a process got as far as its first figure: a file that was just made, or left by a kill, is empty."""
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def _meters() -> _Meters:
    """Return the metrics, made at first use: a command that counts nothing leaves no file."""
    with _lock:
        if not _made:
            folder = _folders[0]
            with (folder / "start.lock").open("wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                _start_afresh(folder)
                _made.append(_make())
        return _made[0]


def _make() -> _Meters:
    # The library decides this when it is imported, which is before config.py has said where.
    values.ValueClass = values.MultiProcessValue()
    own = CollectorRegistry()
    seconds = "Time to answer, by the view's name."
    return _Meters(
        Histogram(
            f"{PREFIX}_request_seconds", seconds, ("route", "method", "status"), registry=own, buckets=BUCKETS
        ),
        {event: Counter(f"{PREFIX}_{_plural(event)}", HELP[event], registry=own) for event in Event},
        Gauge(f"{PREFIX}_live_streams", "Open streams of live pages.", registry=own, multiprocess_mode="livesum"),
        Gauge(
            f"{PREFIX}_database_connections", "Database connections in use by requests.",
            registry=own, multiprocess_mode="livesum",
        ),
    )  # fmt: skip


def _plural(event: Event) -> str:
    return f"{event.value.removesuffix('y')}ies" if event.value.endswith("y") else f"{event.value}s"


def _start_afresh(folder: Path) -> None:
    """Empty the folder when no process that wrote into it lives: counters begin with the installation's start."""
    files = list(folder.glob("*.db"))
    if not any(_lives(path) for path in files):
        for path in files:
            path.unlink()


def _forget_dead(folder: Path) -> None:
    """Drop the gauges of processes that are gone; their counters stay, so that sums never fall."""
    for path in folder.glob("gauge_live*.db"):
        if not _lives(path):
            with suppress(FileNotFoundError):
                path.unlink()


def _lives(path: Path) -> bool:
    try:
        os.kill(int(path.stem.rsplit("_", 1)[1]), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True
