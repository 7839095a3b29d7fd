"""Figures of meetings as CSV (RFC 4180): one line a meeting, or one line a member; cells are safe for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from services import audit_logger
from services.actor import Actor
from services.attendance import member_rates
from services.attendance.overview import Span, overview
from services.exports.csv import BYTE_ORDER_MARK, safe_cell

MEETINGS = ("meeting", "title", "group", "starts_at", "members", "present", "share", "late", "to_review", "rejected")
MEMBERS = ("voter_id", "name", "meetings", "attended", "late", "missed", "share")


def meetings_csv(span: Span, actor: Actor) -> str:
    """Return the meetings, the newest first; times in ISO 8601, UTC, shares in percent. The export is audited."""
    rows = [
        [str(one.session.id), one.session.title, one.group, one.session.starts_at.isoformat(), str(one.tally.members),
         str(one.tally.there), f"{one.tally.share:.1f}", str(one.tally.late), str(one.tally.flagged),
         str(one.tally.rejected)]
        for one in overview(span, actor, "UTC").held
    ]  # fmt: skip
    return _file(MEETINGS, rows, actor, "meetings")


def members_csv(span: Span, text: str, actor: Actor) -> str:
    """Return the members by name, those that have the text; shares in percent. The export is audited."""
    rows = [
        [one.voter_id, one.name, str(one.expected), str(one.attended), str(one.late), str(one.missed),
         f"{one.share:.1f}"]
        for one in member_rates.everybody(span, text, actor)
    ]  # fmt: skip
    return _file(MEMBERS, rows, actor, "members")


def _file(head: tuple[str, ...], rows: Iterable[list[str]], actor: Actor, kind: str) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    audit_logger.record("staff:attendance:figures_exported", actor, kind=kind)
    content = buffer.getvalue()
    return content if content.isascii() else BYTE_ORDER_MARK + content
