"""The house rules hold in this tree."""

from __future__ import annotations

import pytest

from tests.architecture.rules import EXCEPTIONS, RULES, broken
from tests.architecture.sources import Sources, read_project


@pytest.fixture(scope="module")
def project() -> Sources:
    return read_project()


@pytest.mark.parametrize("rule", RULES)
def test_the_project_keeps_the_rule(project, rule):
    found = broken(rule, project)
    assert not found, f"{RULES[rule].__doc__}\n" + "\n".join(map(str, found))


@pytest.mark.parametrize(("rule", "path"), EXCEPTIONS)
def test_every_exception_is_still_needed(project, rule, path):
    assert any(found.path == path for found in RULES[rule](project)), "Remove it from EXCEPTIONS."
