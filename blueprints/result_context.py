"""A result as templates and JSON take it: the service's fields plus the addresses of the pictures."""

from __future__ import annotations

from typing import Any

from flask import url_for

from services.results import Result


def result_json(result: Result) -> dict[str, Any]:
    """Return the result as JSON types; stored paths become addresses."""
    plain = result.as_dict()
    for row in plain["rows"]:
        row["image_url"] = _picture_url(row.pop("image_path"))
        row["symbol_url"] = _picture_url(row.pop("symbol_path"))
    return plain


def result_context(result: Result) -> dict[str, Any]:
    """Return the result for a template: times stay times, and a hidden sum is 0."""
    plain = result_json(result)
    return {**plain, "counted_at": result.counted_at, "closed_at": result.closed_at, "total": result.total or 0}


def _picture_url(path: str | None) -> str | None:
    return url_for("media.public", path=path.removeprefix("public/")) if path else None
