"""What the phones measured and were told, shared by their threads."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from benchmarks.day.figures import percentile


@dataclass
class Figures:
    """Seconds by step; unexpected answers with how often; lost answers; members' whole seconds."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    cuts: int = 0
    whole: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def took(self, step: str, seconds: float) -> None:
        with self._lock:
            self.seconds[step].append(seconds)

    def failed(self, step: str, words: str) -> None:
        with self._lock:
            self.failures[f"{step}: {words}"] += 1

    def noted(self, words: str) -> None:
        with self._lock:
            self.notes[words] += 1

    def cut(self) -> None:
        with self._lock:
            self.cuts += 1

    def member(self, waited: float, seconds: float) -> None:
        """One member is through: so late begun after the wish, and so long from the first page to the last."""
        with self._lock:
            self.waited.append(waited)
            self.whole.append(seconds)

    @property
    def all(self) -> list[float]:
        return [second for found in self.seconds.values() for second in found]


def table(figures: Figures) -> list[str]:
    """Return a line for each step, one for all answers and one for a whole check-in; milliseconds."""
    rows = [*figures.seconds.items(), ("every answer", figures.all), ("whole check-in", figures.whole)]
    lines = [f"{'step':16}{'count':>7}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}   ms"]
    for step, found in rows:
        shown = [1000 * percentile(found, share) for share in (0.5, 0.95, 0.99, 1.0)] if found else [0.0] * 4
        lines.append(f"{step:16}{len(found):7}" + "".join(f"{value:8.0f}" for value in shown))
    return lines
