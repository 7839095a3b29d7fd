"""Meetings in figures at the desk: the overview with charts, the members one by one, and both as files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.attendance import bp, forms, words
from blueprints.http import current_actor, wants_json
from blueprints.meeting_words import FLAGS
from blueprints.policy import requires
from models import transaction
from services import voters
from services.attendance import device_changes, figure_files, member_rates, overview
from services.charts import column_chart
from services.clock import moments_of
from services.context import platform
from services.security import Permission, has_permission

ASKED = ("since", "until", "group", "q", "sort", "order", "page")
FIRST_YEAR, LAST_YEAR = 2000, 2200


@dataclass(frozen=True)
class Asked:
    """What the filters say: the span, as typed, and the sentence of each entry that cannot be read."""

    span: overview.Span
    typed: dict[str, str]
    errors: dict[str, str]


@bp.get("/figures")
@requires(Permission.MANAGE_ATTENDANCE)
def figures() -> ResponseReturnValue:
    """Show how many came, by month, meeting and group, and what was doubtful (since, until, group)."""
    asked, zone = _asked(), platform().settings.timezone
    found = overview.overview(asked.span, current_actor(), zone)
    by_meeting = asked.span.group_id is not None
    columns = found.columns(by_meeting, zone)
    if wants_json():
        return jsonify(_overview_json(found))
    return render_template(
        "attendance/figures.html", found=found, columns=columns, by_meeting=by_meeting, words=words, flags=FLAGS,
        devices_waiting=_devices_waiting(),
        chart=column_chart(columns, _("Members who came, in percent"), "came"), **_frame(asked),
    )  # fmt: skip


@bp.get("/figures/members")
@requires(Permission.MANAGE_ATTENDANCE)
def member_figures() -> ResponseReturnValue:
    """List the members with what they attended and missed (since, until, group, q, sort, order, page)."""
    asked = _asked()
    sort = asked.typed["sort"] if asked.typed["sort"] in member_rates.SORTS else "name"
    found = member_rates.search(
        asked.span, asked.typed["q"], sort, asked.typed["order"] == "desc", forms.page_number(), current_actor()
    )
    if wants_json():
        return jsonify(members=[_member_json(row) for row in found.rows], page=found.page, pages=found.pages,
                       per_page=member_rates.PAGE_SIZE, total=found.total)  # fmt: skip
    return render_template(
        "attendance/members.html", found=found, sort=sort, order="desc" if asked.typed["order"] == "desc" else "asc",
        per_page=member_rates.PAGE_SIZE, shown=voters.format_voter_number, **_frame(asked),
    )  # fmt: skip


@bp.get("/figures/meetings.csv")
@requires(Permission.MANAGE_ATTENDANCE)
def export_meetings() -> ResponseReturnValue:
    """Download the meetings with their figures as CSV; the download is in the audit log."""
    with transaction():
        content = figure_files.meetings_csv(_asked().span, current_actor())
    return _file(content, "meetings")


@bp.get("/figures/members.csv")
@requires(Permission.MANAGE_ATTENDANCE)
def export_members() -> ResponseReturnValue:
    """Download the members with their figures as CSV; the download is in the audit log."""
    asked = _asked()
    with transaction():
        content = figure_files.members_csv(asked.span, asked.typed["q"], current_actor())
    return _file(content, "members")


def _file(content: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(content, content_type="text/csv; charset=utf-8", headers=headers)


def _frame(asked: Asked) -> dict[str, Any]:
    """Return what both pages show: filters, groups to choose from, and where a changed question leads."""
    return {
        "typed": asked.typed, "errors": asked.errors, "here": _address,
        "groups": [("", _("All groups")), *((str(row.group.id), row.group.name) for row in voters.list_groups())],
    }  # fmt: skip


def _asked() -> Asked:
    """Return the filters of the address; a day that cannot be read limits nothing and is said."""
    typed = {name: request.args.get(name, "")[: forms.MAX_SEARCH].replace("\x00", "").strip() for name in ASKED}
    errors: dict[str, str] = {}
    since, until = (_day(typed, name, errors) for name in ("since", "until"))
    group = typed["group"]
    group_id = int(group) if group.isascii() and group.isdigit() and len(group) < 10 else None
    end = _moment(until + timedelta(days=1)) if until else None
    return Asked(overview.Span(_moment(since) if since else None, end, group_id), typed, errors)


def _day(typed: dict[str, str], name: str, errors: dict[str, str]) -> datetime | None:
    if not typed[name]:
        return None
    try:
        day = datetime.strptime(typed[name], "%Y-%m-%d")
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValueError(typed[name])
    except ValueError:
        errors[name] = _("Enter a day as year-month-day.")
        return None
    return day


def _moment(day: datetime) -> datetime:
    """Return the moment at which a local day begins."""
    zone = platform().settings.timezone
    found = moments_of(day, zone)
    return found[0] if found else day.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _address(endpoint: str = "", **changes: object) -> str:
    """Return the address of this page, or of another one of the figures, with some of its questions changed."""
    asked = {**request.args.to_dict(), **changes}
    kept: dict[str, Any] = {name: value for name, value in asked.items() if name in ASKED and value}
    return url_for(endpoint or request.endpoint or "", **kept)


def _overview_json(found: overview.Overview) -> dict[str, Any]:
    return {
        "meetings": len(found.held), **_tally_json(found.tally),
        "groups": [{"name": one.name, "meetings": one.meetings, **_tally_json(one.tally)} for one in found.groups],
        "months": [{"month": one.name, "meetings": one.meetings, **_tally_json(one.tally)} for one in found.months],
        "flags": {kind.value: number for kind, number in found.flags},
        "layers": [{"layer": one.layer.value, "asked": one.asked, "doubtful": one.doubtful, "missing": one.missing}
                   for one in found.doubts],
        "devices_waiting": _devices_waiting(),
    }  # fmt: skip


def _devices_waiting() -> int | None:
    """Return how many members ask for another phone; None for who does not decide that."""
    may = has_permission(g.principal.role, Permission.DECIDE_DEVICES)
    return device_changes.count_waiting() if may else None


def _tally_json(tally: overview.Tally) -> dict[str, Any]:
    return {
        "members": tally.members, "present": tally.there, "share": round(tally.share, 1), "late": tally.late,
        "to_review": tally.flagged, "rejected": tally.rejected,
    }  # fmt: skip


def _member_json(row: member_rates.MemberRate) -> dict[str, Any]:
    return {
        "voter_id": row.voter_id, "name": row.name, "meetings": row.expected, "attended": row.attended,
        "late": row.late, "missed": row.missed, "share": round(row.share, 1),
    }  # fmt: skip
