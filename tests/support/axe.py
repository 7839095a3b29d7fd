"""The accessibility checker axe-core, run inside a page under test."""

from __future__ import annotations

from typing import Any

from config import PROJECT

AXE = PROJECT / "var" / "tools" / "axe.min.js"


def findings(page: Any, source: str) -> list[str]:
    """Return what axe finds on the page as it stands, one line a finding: rule, help, and where."""
    page.evaluate(source)
    result = page.evaluate("axe.run()")
    return [
        f"{item['id']}: {item['help']}: {node['html'][:160]}" for item in result["violations"] for node in item["nodes"]
    ]
