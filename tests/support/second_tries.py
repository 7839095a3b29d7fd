"""What a test that needed a second try stumbled over the first time: pytest names it, and says no more."""

from __future__ import annotations

from typing import Any

LAST_LINES = 30


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show the end of each first try."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"first try of {report.nodeid}")
        terminalreporter.write_line("\n".join(str(report.longrepr).splitlines()[-LAST_LINES:]))
