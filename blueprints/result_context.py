"""A result as templates and JSON take it: the service's fields plus the addresses of the pictures."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import url_for

from models import Election
from services import identification
from services.clock import utc_now
from services.context import platform
from services.result_report import appendix_of
from services.result_words import resolution_facts, verdict_title
from services.results import Result


def result_json(result: Result) -> dict[str, Any]:
    """Return the result as JSON types; stored paths become addresses."""
    plain = result.as_dict()
    for row in plain["rows"]:
        row["image_url"] = _picture_url(row.pop("image_path"))
        row["symbol_url"] = _picture_url(row.pop("symbol_path"))
    return plain


def result_context(result: Result) -> dict[str, Any]:
    """Return the result for a template: times stay times, a hidden sum is 0, the signing key has its fingerprint."""
    plain = result_json(result)
    key = platform().keyring.fingerprints()["signing"]
    times = {"counted_at": result.counted_at, "closed_at": result.closed_at}
    return {**plain, **times, "total": result.total or 0, "key_fingerprint": key}


def result_document(election: Election, result: Result) -> dict[str, Any]:
    """Return the whole result as one JSON document, `result/1` of docs/result-json.md."""
    appendix = appendix_of(election, utc_now(), platform().settings.timezone)
    counts = identification.under_review(election)
    return {
        "format": "result/1",
        **result_json(result),
        "verdict": verdict_title(result),
        "turnout_over_time": [asdict(column) for column in appendix.turnout],
        "turnout_unit": "hour" if appendix.by_hour else "day",
        "channels": [{"name": name, "votes": votes} for name, votes in appendix.channels],
        "under_review": {"rejected": counts.rejected, "waiting": counts.waiting},
        "key_fingerprint": appendix.key_fingerprint,
    }


def tie_facts(result: Result) -> list[tuple[str, str]]:
    """Return how the tie was resolved, for the list under the verdict; empty where none was."""
    return resolution_facts(result.resolution, platform().settings.timezone) if result.resolution else []


def _picture_url(path: str | None) -> str | None:
    return url_for("media.public", path=path.removeprefix("public/")) if path else None
