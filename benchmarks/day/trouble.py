"""Trouble on the day: web processes killed, the database crashed, the disk full, while voters keep coming."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.day.figures import Answered, Figures
from benchmarks.day.installation import FLOOR_MB, Installation

DOWN_SECONDS = 2.0
"""How long a killed part stays away: what a service manager takes to start it again."""
FULL_SECONDS = 4.0
FULL_MB = 999_999
"""More than any disk here has free."""
AFTERMATH_SECONDS = 25.0
"""Answers may still tell of a trouble so long after it: a request's own timeout, and a voter's pauses."""


@dataclass
class Event:
    """One trouble; times are seconds since the start of the run."""

    what: str
    began: float = 0.0
    ended: float = 0.0


Act = Callable[[Installation], None]


def kill_web(installation: Installation) -> None:
    installation.kill_web()
    time.sleep(DOWN_SECONDS)
    installation.start_web()


def crash_database(installation: Installation) -> None:
    installation.crash_database()
    time.sleep(DOWN_SECONDS)
    installation.start_database()


def fill_disk(installation: Installation) -> None:
    installation.set_floor(FULL_MB)
    time.sleep(FULL_SECONDS)
    installation.set_floor(FLOOR_MB)


KILL: tuple[str, Act] = ("web processes killed with -9", kill_web)
CRASH: tuple[str, Act] = ("database stopped at once, started again", crash_database)
FULL: tuple[str, Act] = ("less room on the disk than DISK_FLOOR_MB", fill_disk)
WHOLE = (KILL, CRASH, FULL, KILL)
SHORT = (KILL, CRASH)


class Troubles:
    """Plays the acts one after the other, spread evenly over the voters of the run."""

    def __init__(self, installation: Installation, figures: Figures, acts: tuple[tuple[str, Act], ...]) -> None:
        self.events: list[Event] = []
        self._installation, self._figures, self._acts = installation, figures, acts
        self._over = threading.Event()
        self.failure: BaseException | None = None

    def run(self, gone: Callable[[], int], total: int) -> threading.Thread:
        """Begin; `gone()` is how many of `total` voters have left the hall."""
        thread = threading.Thread(target=self._play, args=(gone, total), daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Start no further act."""
        self._over.set()

    def _play(self, gone: Callable[[], int], total: int) -> None:
        for number, (what, act) in enumerate(self._acts, start=1):
            while gone() < total * number / (len(self._acts) + 1) and not self._over.is_set():
                time.sleep(0.02)
            event = Event(what, self._now())
            self.events.append(event)
            try:
                act(self._installation)
            except BaseException as error:
                self.failure = error
                return
            event.ended = self._now()

    def _now(self) -> float:
        return time.monotonic() - self._figures.started


def told(figures: Figures, events: list[Event]) -> list[str]:
    """Return what the voters were answered: after each trouble, by step, status and words, with counts."""
    lines = []
    for place, event in enumerate(events):
        until = events[place + 1].began if place + 1 < len(events) else float("inf")
        rows = [row for row in figures.troubled if event.began <= row.at < until]
        lines.append(f"at {event.began:6.1f} s, for {event.ended - event.began:4.1f} s: {event.what}")
        for (step, status, words), count in Counter((row.step, row.status, row.words) for row in rows).most_common():
            last = max(row.at for row in rows if (row.step, row.status, row.words) == (step, status, words))
            lines.append(
                f"   {count:3} x {step:12} {status or '---'} {words}   (last {last - event.began:.1f} s after)"
            )
        if not rows:
            lines.append("     0 x nobody noticed")
    return lines


def elsewhere(figures: Figures, events: list[Event]) -> list[Answered]:
    """Return the surprises that no trouble explains."""
    return [
        row
        for row in figures.troubled
        if not any(event.began <= row.at <= event.ended + AFTERMATH_SECONDS for event in events)
    ]
