"""Fuzzing every target for a while with atheris, one after the other."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig

from benchmarks.security import tools
from benchmarks.security.findings import Finding, Outcome
from benchmarks.security.fuzzing.targets import TARGETS

SLACK_SECONDS = 600
"""For loading: beside much other work the instrumented modules alone take minutes."""
CUT_OFF = "it did not come to an end"
RUNS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
RAISED = re.compile(r"^(?:[\w.]+\.)?(\w*(?:Error|Exception|Interrupt|Warning))\b.*", re.MULTILINE)


def fuzz(seconds: int) -> Outcome:
    """Return what broke; each target has this many seconds."""
    found, runs = [], 0
    for name in TARGETS:
        code, output = _one(name, seconds)
        if counted := RUNS.search(output):
            runs += int(counted[1])
        if code:
            found.append(Finding("fuzz", name, f"var/fuzz/{name}", 0, _words(code, output)))
    return Outcome("fuzz", found, f"{runs:,} inputs to {len(TARGETS)} targets, {seconds} s each")


def _one(name: str, seconds: int) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": f"{tools.PROJECT}{os.pathsep}{sysconfig.get_path('purelib')}"}
    words = [str(tools.folder(tools.SCAN) / "python"), "-m", "benchmarks.security.fuzzing", name]
    try:
        done = subprocess.run(
            [*words, "--seconds", str(seconds)], cwd=tools.PROJECT, env=environment, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            timeout=seconds + SLACK_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 1, CUT_OFF
    return done.returncode, done.stdout


def _words(code: int, output: str) -> str:
    raised = RAISED.search(output)
    return output if output == CUT_OFF else raised[0][:160] if raised else f"exit {code}"


def can_run() -> bool:
    """Tell whether atheris is there: it has wheels for Linux only."""
    return sys.platform == "linux"
