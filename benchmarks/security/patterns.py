"""Every regular expression of the application against long inputs: time grows with the length, not faster.

Each is tried as the code asks it: one that only ever has to fit as a whole costs less than one that is looked for.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import blueprints
import services
from benchmarks.security.findings import Finding, Outcome
from config import PROJECT

PUMPS = (
    "a", "0", " ", "(", "[", '"', "-", ".", "a.", "a@", "aA0_-", "''", "\t", "#", "=", "0 0", "a b", "A2", "/", "é",
    "#ALTERNATIVE NAME 1:", "<", "{", "${SV_A", "data:",
)  # fmt: skip
TAILS = ("", "!", "\x00")
SHORT, LONG = 2_000, 16_000
WORST_GROWTH = 24
"""The longer input is eight times as long: 8 is linear, 64 is quadratic."""
NOTICED_SECONDS = 0.05
"""What takes less is too short to compare."""
REPEATS = 3
READ = ("services", "blueprints", "deploy", "docs/client")
AS_A_WHOLE, LOOKED_FOR = "fullmatch", "findall"
WAYS = {
    "fullmatch": AS_A_WHOLE, "match": AS_A_WHOLE, "search": LOOKED_FOR, "sub": LOOKED_FOR, "subn": LOOKED_FOR,
    "split": LOOKED_FOR, "findall": LOOKED_FOR, "finditer": LOOKED_FOR,
}  # fmt: skip
"""How a method reads its text: from the first letter on, or from each one anew."""

Ask = Callable[[str], object]


def patterns() -> Outcome:
    """Return the patterns whose time grows faster than the length of their input."""
    found, number = [], 0
    for place, name, pattern, way in sorted(set(_named()) | set(_written_in_place()), key=str):
        number += 1
        ask = getattr(pattern, way)
        worst = max((_growth(ask, pump, tail), pump + tail) for pump in PUMPS for tail in TAILS)
        if worst[0] > WORST_GROWTH:
            found.append(Finding("patterns", name, place, 0, f"{worst[0]:.0f} times on {worst[1]!r} by {way}"))
    tried = len(PUMPS) * len(TAILS)
    return Outcome("patterns", found, f"{number} uses of patterns, {tried} inputs of {LONG:,} repetitions")


def _named() -> Iterator[tuple[str, str, re.Pattern[str], str]]:
    """Yield each pattern that a module keeps, in the ways in which any code asks one of that name."""
    asked = _asked_by_name()
    for package in (services, blueprints):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    for way in asked.get(name, {AS_A_WHOLE}):
                        yield module.name, name, value, way


def _asked_by_name() -> dict[str, set[str]]:
    asked: dict[str, set[str]] = {}
    for _file, call, _words in _calls():
        owner = call.value
        name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
        asked.setdefault(name, set()).add(WAYS[call.attr])
    return asked


def _written_in_place() -> Iterator[tuple[str, str, re.Pattern[str], str]]:
    """Yield each pattern that stands in the call itself, `re.sub("…", …)`."""
    for file, call, words in _calls():
        if not (isinstance(call.value, ast.Name) and call.value.id == "re" and words):
            continue
        if isinstance(words[0], ast.Constant) and isinstance(words[0].value, str):
            place = file.relative_to(PROJECT).as_posix()
            yield place, words[0].value, re.compile(words[0].value), WAYS[call.attr]


def _calls() -> Iterator[tuple[Path, ast.Attribute, list[ast.expr]]]:
    for file in (file for folder in READ for file in sorted((PROJECT / folder).rglob("*.py"))):
        for asked, words in calls_in(file.read_text(encoding="utf-8")):
            yield file, asked, words


def calls_in(source: str) -> Iterator[tuple[ast.Attribute, list[ast.expr]]]:
    """Yield what is asked, `PATTERN.search` or `re.sub`, and its arguments, for every call that reads like one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WAYS:
            yield node.func, node.args


def _growth(ask: Ask, pump: str, tail: str) -> float:
    longer = _seconds(ask, pump * LONG + tail)
    return longer / _seconds(ask, pump * SHORT + tail) if longer > NOTICED_SECONDS else 0.0


def _seconds(ask: Ask, text: str) -> float:
    """Return the least of some runs, which a busy machine disturbs least."""
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        ask(text)
        taken.append(time.perf_counter() - began)
    return max(min(taken), 1e-6)
