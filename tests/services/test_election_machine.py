"""No sequence of acts breaks an invariant of an election; `python -m benchmarks.election_states` runs 10,000 steps."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.election_machine import ElectionMachine

STEPS_A_RUN = 50
RUNS = int(os.environ.get("ELECTION_RUNS", "0"))
"""Random runs instead of the few fixed ones of the suite."""


def test_no_sequence_of_acts_breaks_an_invariant(shared_app):
    class Machine(ElectionMachine):
        app, done = shared_app, Counter()

    began = time.monotonic()
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=RUNS or 4,
            stateful_step_count=STEPS_A_RUN,
            derandomize=not RUNS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    acts = sum(Machine.done.values())
    assert acts > 100
    if RUNS:
        lines = [f"{acts:,} acts in {time.monotonic() - began:.0f} s"]
        lines += [f"  {name:22} {count:,}" for name, count in sorted(Machine.done.items())]
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
