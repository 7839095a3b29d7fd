"""How `make test` shares the tests out to its processes. tests/conftest.py takes these hooks over."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

BROWSER = "tests/browser/"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Keep a file in one process, and the order of the files: the long ones come first."""
    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put browser tests first: they are the longest pieces, and the others fill the time beside them."""
    items.sort(key=lambda item: not item.nodeid.startswith(BROWSER))
