"""10,000 steps of the property test of elections: `python -m benchmarks.election_states [runs of 50 steps]`."""

from __future__ import annotations

import os
import sys

import pytest

RUNS = 220
"""Of at most 50 steps each; hypothesis makes some of them shorter."""


def main() -> int:
    """Run the machine at random and print how often each act was done and refused; 0 when nothing broke."""
    os.environ["ELECTION_RUNS"] = sys.argv[1] if len(sys.argv) > 1 else str(RUNS)
    return int(pytest.main(["-q", "-s", "-n", "0", "--timeout=0", "tests/services/test_election_machine.py"]))


if __name__ == "__main__":
    sys.exit(main())
