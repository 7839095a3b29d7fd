"""How `make test` shares the tests out to its processes. tests/conftest.py takes these hooks over.

`--dist loadgroup` would do, but pytest-xdist 3.8.0 marks groups in an attribute that pytest 9.2 does not read.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

BROWSER = "tests/browser/"


class FilesAndBrowser(LoadScopeScheduling):
    """A file stays in one process, and all browser tests do: two films at a time would be late for their prompts."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else nodeid.split("::", 1)[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesAndBrowser:
    config.option.loadscopereorder = False
    return FilesAndBrowser(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put browser tests first: they are the longest piece, and the others fill the time beside it."""
    items.sort(key=lambda item: not item.nodeid.startswith(BROWSER))
