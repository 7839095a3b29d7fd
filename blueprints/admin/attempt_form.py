"""What the addresses of the attempts ask for, and an attempt as the API shows one."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask_babel import gettext as _

from models import AuthEvent, AuthMethod, AuthResult, Review
from services.context import platform
from services.identification import attempt_words
from services.identification.review_list import NOT_REVIEWED, AttemptQuery, Neighbours

QUESTIONS = ("result", "method", "review", "kiosk", "from", "until", "voter_id", "page")
MAX_NUMBER = 40
_Kind = TypeVar("_Kind", bound=enum.StrEnum)


def attempt_query() -> AttemptQuery:
    """Return what the address asks for; values that make no sense are as if they were not there."""
    asked = request.args
    kiosk, review = asked.get("kiosk", ""), asked.get("review", "")
    return AttemptQuery(
        result=one_of(AuthResult, asked.get("result", "")),
        method=one_of(AuthMethod, asked.get("method", "")),
        review=review if review in (*Review, NOT_REVIEWED) else "",
        kiosk_id=int(kiosk) if kiosk.isascii() and kiosk.isdigit() and len(kiosk) < 10 else None,
        since=moment(asked.get("from", "")),
        until=moment(asked.get("until", "")),
        voter_number=asked.get("voter_id", "")[:MAX_NUMBER].replace("\x00", "").strip(),
        page=min(max(1, asked.get("page", 1, type=int)), 1_000_000),
    )


def address(endpoint: str, changes: dict[str, object] | None = None, **values: Any) -> str:
    """Return the address of a page with the present questions kept and some of them changed; empty ones go."""
    asked = {**request.args.to_dict(), **(changes or {})}
    kept = {name: asked[name] for name in QUESTIONS if asked.get(name)}
    return url_for(endpoint, **values, **kept)


def results() -> list[tuple[str, str]]:
    """Return the choices of the filter by result."""
    return [
        ("", _("All results")), (AuthResult.SUCCESS.value, _("Identified")),
        (AuthResult.MISMATCH.value, _("Face does not match")), (AuthResult.UNKNOWN.value, _("Not recognised")),
    ]  # fmt: skip


def methods() -> list[tuple[str, str]]:
    """Return the choices of the filter by method."""
    return [("", _("Face or document")), (AuthMethod.FACE.value, _("By face")),
            (AuthMethod.DOCUMENT.value, _("By document"))]  # fmt: skip


def reviews() -> list[tuple[str, str]]:
    """Return the choices of the filter by review."""
    return [
        ("", _("Judged or not")), (Review.PENDING.value, _("To review")), (Review.CONFIRMED.value, _("Confirmed")),
        (Review.REJECTED.value, _("Rejected")), (NOT_REVIEWED, _("No review needed")),
    ]  # fmt: skip


def attempt_json(event: AuthEvent, beside: Neighbours | None = None) -> dict[str, Any]:
    """Return an attempt as the API shows one: no address, no picture; times are ISO 8601 in UTC."""
    reviewed = event.reviewed_at.isoformat() if event.reviewed_at else None
    plain: dict[str, Any] = {
        "id": event.id, "at": event.created_at.isoformat(), "voter_id": event.voter_id_input,
        "name": event.voter.name if event.voter else None, "kiosk": event.kiosk.name if event.kiosk else None,
        "result": event.result.value, "method": event.method.value, "reason": event.reason,
        "words": attempt_words.reason(event.reason), "oddities": attempt_words.oddities(event),
        "distance": None if event.distance is None else round(event.distance, 3),
        "suspicion_score": event.suspicion_score, "picture": event.snapshot_path is not None,
        "document": event.document.value if event.document else None, "note": event.note,
        "officer": event.officer.username if event.officer else None,
        "second_officer": event.second_officer.username if event.second_officer else None,
        "review": event.review.value if event.review else None, "review_note": event.review_note,
        "reviewed_by": event.reviewer.username if event.reviewer else None, "reviewed_at": reviewed,
        "seen": event.review_mark,
    }  # fmt: skip
    return plain if beside is None else plain | {"newer": beside.newer, "older": beside.older}


def one_of(kind: type[_Kind], text: str) -> _Kind | None:
    """Return a member of an enum, None for a text that is none."""
    return kind(text) if text in list(kind) else None


def moment(text: str) -> datetime | None:
    """Return a typed local time, e.g. 2026-11-27T14:00, in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    local = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(platform().settings.timezone))
    try:
        return local.astimezone(UTC)
    except OverflowError:
        return None
