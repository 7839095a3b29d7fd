"""How `make test` shares the tests out to its processes. tests/conftest.py takes these hooks over."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

BROWSER = "tests/browser/"
LONGEST = (
    "tests/browser/test_accessibility_booth.py",
    "tests/browser/test_accessibility.py",
    "tests/services/face/test_realface.py",
    "tests/browser/test_booth_states_camera.py",
    "tests/browser/test_booth_states_voting.py",
    "tests/browser/test_vote_for_everyone.py",
    "tests/services/ballots/test_concurrency.py",
    "tests/browser/test_states.py",
    "tests/browser/test_booth_day.py",
    "tests/blueprints/test_bad_input.py",
    "tests/test_election_day.py",
    "tests/browser/test_next_voter.py",
    "tests/services/face/test_encoders.py",
    "tests/browser/test_voice.py",
    "tests/blueprints/test_permissions.py",
)
"""The longest files as measured (pytest --durations=0), the longest first but for one that computes while two
browsers wait; then come the others, mixed."""
BROWSERS_END = 0.6
"""So much of the other files the browser's are spread among: the last ones are short, so that all end at once."""


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Keep a file in one process, and the order of the files: the long ones come first."""
    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, so that no process is left with one in the end while another has nothing to do.

    A browser waits for its camera half of the time: its files are spread among those that only compute.
    """
    files = list(dict.fromkeys(_file(item) for item in items))
    browser = [file for file in files if file.startswith(BROWSER)]
    others = [file for file in files if not file.startswith(BROWSER)]
    place = {file: number / len(others) for number, file in enumerate(others)}
    place |= {file: BROWSERS_END * number / len(browser) for number, file in enumerate(browser)}
    place |= {file: number - len(LONGEST) for number, file in enumerate(LONGEST)}
    items.sort(key=lambda item: place[_file(item)])


def _file(item: pytest.Item) -> str:
    return item.nodeid.split("::")[0]
