"""What was measured and what was answered: shared by the threads of all booths."""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

FAST, REAL = "fast", "dlib"
STEPS = (
    "index", "start", "camera page", "frames", "verdict", "ballot", "more time", "vote", "leave", "officer form",
    "document", "beat",
)  # fmt: skip


@dataclass(frozen=True)
class Bound:
    """The largest p95 in seconds that passes, and why."""

    seconds: float
    why: str


PAGE = Bound(1.0, "one second keeps a person's flow of thought (Nielsen 1993)")
FRAMES = Bound(1.33, "8 frames in 1.33 s are 6 a second, the fewest that show a blink (line.FEWEST_FRAMES)")
WAIT = Bound(3.0, "the page says 'Checking'; two passwords or one face are compared")
BOUNDS: dict[str, Bound] = dict.fromkeys(STEPS, PAGE) | {"frames": FRAMES, "verdict": WAIT, "document": WAIT}


@dataclass(frozen=True)
class Answered:
    """One answer that is no part of a quiet day: when (s since the start), to which step of which voter."""

    at: float
    step: str
    status: int
    words: str
    voter: str


@dataclass
class Figures:
    """Seconds by (phase, engine, step); answers that nobody expected; answers during trouble."""

    phase: str = ""
    started: float = field(default_factory=time.monotonic)
    seconds: dict[tuple[str, str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    unexpected: list[Answered] = field(default_factory=list)
    troubled: list[Answered] = field(default_factory=list)
    failed_checks: Counter[str] = field(default_factory=Counter)
    in_trouble: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def took(self, step: str, engine: str, seconds: float) -> None:
        with self._lock:
            self.seconds[self.phase, engine, step].append(seconds)

    def surprise(self, step: str, status: int, words: str, voter: str) -> None:
        """Note an answer that this step does not give on a quiet day; status 0: the line broke."""
        row = Answered(time.monotonic() - self.started, step, status, words, voter)
        with self._lock:
            (self.troubled if self.in_trouble else self.unexpected).append(row)

    def check_failed(self, engine: str, reason: str) -> None:
        with self._lock:
            self.failed_checks[f"{engine}: {reason}"] += 1

    def of(self, step: str, engine: str | None = None, phase: str | None = None) -> list[float]:
        """Return the seconds of a step, of one engine or all, of one phase or all."""
        return [
            second
            for (at, by, name), found in self.seconds.items()
            if name == step and engine in (None, by) and phase in (None, at)
            for second in found
        ]


def percentile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that at least `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))]


def table(figures: Figures, phase: str) -> list[str]:
    """Return a line for each step and engine of a phase."""
    lines = [f"{'step':12} {'engine':6} {'count':>6} {'median':>8} {'p95':>8} {'max':>8}   seconds"]
    for step in STEPS:
        for engine in (FAST, REAL):
            found = figures.of(step, engine, phase)
            if found:
                middle, high = statistics.median(found), percentile(found, 0.95)
                lines.append(f"{step:12} {engine:6} {len(found):6} {middle:8.3f} {high:8.3f} {max(found):8.3f}")
    return lines


def ratios(figures: Figures, alone: str, together: str) -> list[str]:
    """Return p95 of each step at all booths over p95 at one booth, of the same run."""
    lines = [f"{'step':12} {'engine':6} {'1 booth':>8} {'all':>8} {'ratio':>6}   p95, seconds"]
    for step in STEPS:
        for engine in (FAST, REAL):
            one, all_ = figures.of(step, engine, alone), figures.of(step, engine, together)
            if one and all_:
                low, high = percentile(one, 0.95), percentile(all_, 0.95)
                lines.append(f"{step:12} {engine:6} {low:8.3f} {high:8.3f} {high / max(low, 1e-6):6.1f}")
    return lines


def over_bounds(figures: Figures, phase: str) -> list[str]:
    """Return a sentence for each step whose p95 is above its bound."""
    found = []
    for step, bound in BOUNDS.items():
        for engine in (FAST, REAL):
            values = figures.of(step, engine, phase)
            if values and percentile(values, 0.95) > bound.seconds:
                high = percentile(values, 0.95)
                found.append(f"p95 of {step} ({engine}) is {high:.3f} s; the bound is {bound.seconds} s: {bound.why}")
    return found
