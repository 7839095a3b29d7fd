"""How `make test` shares the tests out to its processes. tests/conftest.py takes these hooks over."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

BROWSER = "tests/browser/"
LONGEST = (
    "tests/browser/test_accessibility_booth.py",
    "tests/browser/test_accessibility.py",
    "tests/blueprints/test_bad_input.py",
    "tests/browser/test_booth_states_camera.py",
    "tests/browser/test_states.py",
    "tests/browser/test_booth_states_voting.py",
    "tests/browser/test_booth_day.py",
    "tests/services/face/test_realface.py",
    "tests/services/ballots/test_concurrency.py",
    "tests/test_election_day.py",
    "tests/services/identification/test_real_faces.py",
    "tests/blueprints/test_permissions.py",
)
"""The longest files as measured (pytest --durations=0), the longest first; then come the browser's, then the rest."""


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Keep a file in one process, and the order of the files: the long ones come first."""
    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, so that no process is left with one in the end while another has nothing to do."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[int, bool]:
    path = item.nodeid.split("::")[0]
    return LONGEST.index(path) if path in LONGEST else len(LONGEST), not path.startswith(BROWSER)
