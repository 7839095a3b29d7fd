"""SV_REQUIRE_ALL=1 (CI): a suite that could not run counts as failed. tests/conftest.py takes these hooks over."""

from __future__ import annotations

import os
from typing import Any

import pytest

REQUIRED_SUITES = ("realface", "browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Turn the skip of a required suite into a failure."""
    report = yield
    marks = [mark for mark in REQUIRED_SUITES if item.get_closest_marker(mark)]
    if marks and _all_required() and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"{item.nodeid}: skipped, but {marks[0]} is required"
    return report


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fail a run of everything in which a required suite has no test at all; with xdist the workers collect."""
    shares_out = session.config.getoption("numprocesses", default=None) and not hasattr(session.config, "workerinput")
    if not _all_required() or shares_out or not _runs_everything(session.config):
        return
    found = {mark for item in session.items for mark in REQUIRED_SUITES if item.get_closest_marker(mark)}
    if missing := [mark for mark in REQUIRED_SUITES if mark not in found]:
        raise pytest.UsageError(f"No test is marked {' or '.join(missing)}, but these suites are required.")


def _all_required() -> bool:
    return os.environ.get("SV_REQUIRE_ALL") == "1"


def _runs_everything(config: pytest.Config) -> bool:
    whole = config.args_source is not pytest.Config.ArgsSource.ARGS or config.args == ["tests"]
    chosen = (config.getoption(name, default=None) for name in ("keyword", "markexpr", "lf", "collectonly"))
    return whole and not any(chosen)
