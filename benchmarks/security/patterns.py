"""Every regular expression of services and blueprints against long inputs: time grows with the length, not faster."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator

import blueprints
import services
from benchmarks.security.findings import Finding, Outcome

PUMPS = (
    "a", "0", " ", "(", "[", '"', "-", ".", "a.", "a@", "aA0_-", "''", "\t", "#", "=", "0 0", "a b", "A2", "/", "é",
    "#ALTERNATIVE NAME 1:",
)  # fmt: skip
TAILS = ("", "!", "\x00")
SHORT, LONG = 2_000, 16_000
WORST_GROWTH = 24
"""The longer input is eight times as long: 8 is linear, 64 is quadratic."""
NOTICED_SECONDS = 0.05
"""What takes less is too short to compare."""
REPEATS = 3


def patterns() -> Outcome:
    """Return the patterns whose `fullmatch`, which is how they are asked about input, grows faster than its length."""
    found, number = [], 0
    for name, pattern in _all():
        number += 1
        worst = max((_growth(pattern, pump, tail), pump + tail) for pump in PUMPS for tail in TAILS)
        if worst[0] > WORST_GROWTH:
            found.append(Finding("patterns", name.rpartition(".")[2], name, 0, f"{worst[0]:.0f} times on {worst[1]!r}"))
    return Outcome("patterns", found, f"{number} patterns, {len(PUMPS) * len(TAILS)} inputs of {LONG:,} repetitions")


def _all() -> Iterator[tuple[str, re.Pattern[str]]]:
    seen: set[str] = set()
    for package in (services, blueprints):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str) and value.pattern not in seen:
                    seen.add(value.pattern)
                    yield f"{module.name}.{name}", value


def _growth(pattern: re.Pattern[str], pump: str, tail: str) -> float:
    longer = _seconds(pattern, pump * LONG + tail)
    return longer / _seconds(pattern, pump * SHORT + tail) if longer > NOTICED_SECONDS else 0.0


def _seconds(pattern: re.Pattern[str], text: str) -> float:
    """Return the least of some runs, which a busy machine disturbs least."""
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        pattern.fullmatch(text)
        taken.append(time.perf_counter() - began)
    return max(min(taken), 1e-6)
