"""The garbage collector leaves alone what was imported and collected: a sixth less time for a request in a test.

tests/conftest.py takes the hook over; a server under test is forked from a process that did the same.
"""

from __future__ import annotations

import gc

import pytest

NEW_OBJECTS = 50_000
"""How many objects are made before the young ones are looked through; Python's own 700 suit small programs."""


def leave_alone() -> None:
    """Never look again through what is there now, and seldom through what is new."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    leave_alone()
