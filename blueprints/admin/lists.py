"""What the lists of voters share: addresses of the same list with other questions, statuses in words."""

from __future__ import annotations

from typing import Any

from flask import Response, request, stream_with_context, url_for
from flask_babel import gettext as _

from models import VoterStatus
from services.voters import PAGE_SIZE, VoterPage, VoterRow


def list_address(endpoint: str, known: tuple[str, ...], **changes: object) -> str:
    """Return the address of the present list with some of its questions changed; empty ones are left out."""
    asked = {**request.args.to_dict(), **changes}
    kept: dict[str, Any] = {name: value for name, value in asked.items() if name in known and value}
    return url_for(endpoint, **(request.view_args or {}), **kept)


def statuses() -> list[tuple[str, str]]:
    """Return the statuses of a voter with their words."""
    words = {
        VoterStatus.VERIFIED: _("Verified"), VoterStatus.PENDING: _("Pending"), VoterStatus.SUSPENDED: _("Suspended"),
    }  # fmt: skip
    return [(kind.value, word) for kind, word in words.items()]


def page_json(found: VoterPage) -> dict[str, Any]:
    """Return the paging of a list; with `more` there are more hits than `total`."""
    return {
        "page": found.page, "pages": found.pages, "per_page": PAGE_SIZE, "total": found.total, "more": found.capped,
    }  # fmt: skip


def row_json(row: VoterRow) -> dict[str, Any]:
    """Return a voter as a short line."""
    voter = row.voter
    return {
        "id": voter.id, "voter_id": voter.voter_id, "name": voter.name, "email": voter.email,
        "status": voter.status.value, "has_voted": row.has_voted,
    }  # fmt: skip


def csv_download(content: Any, name: str) -> Response:
    """Return a CSV file that is sent part by part while it is made."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(stream_with_context(content), content_type="text/csv; charset=utf-8", headers=headers)
