"""One world for a file whose tests call every route: see tests/support/cases.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from flask import Flask

from tests.support import cases


@pytest.fixture(scope="module")
def world(shared_app: Flask) -> Iterator[cases.World]:
    """Rows and logins that are made once; the file's own `app` fixture has to lie on it."""
    with cases.made_once(shared_app) as made:
        yield made


@pytest.fixture
def case(world: cases.World, subtests: pytest.Subtests) -> Iterator[Callable[[str], AbstractContextManager[None]]]:
    """Give a block that begins with the rows of `world`; a failing one is named, and the next one runs all the same."""

    @contextmanager
    def run(name: str) -> Iterator[None]:
        failed = None
        try:
            with world.case():
                yield
        except Exception as error:
            failed = error
        if failed is not None:
            with subtests.test(name):  # costs a report, so only where there is something to report
                raise failed

    yield run
    world.end_cases()
