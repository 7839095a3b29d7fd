"""The list of meetings, a new one, and the attendance of one."""

from __future__ import annotations

from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.attendance import bp, forms, words
from blueprints.http import current_actor, wants_json
from blueprints.policy import requires
from models import transaction
from services import voters
from services.attendance import Layer, device_changes, records, review_list, sessions
from services.context import platform
from services.errors import DomainError, ValidationFailed
from services.security import Permission, has_permission

SHOWN = ("", "confirmed", "flagged", "rejected", "absent")
ROWS = 50


@bp.app_context_processor
def meetings_frame() -> dict[str, Any]:
    """Tell the frame of the desk whether it leads to meetings, to which pages, and what waits there."""
    principal = g.get("principal")
    may = principal is not None and has_permission(principal.role, Permission.MANAGE_ATTENDANCE)
    return {"manages_attendance": may, "meeting_sections": _sections, "meetings_waiting": _waiting}


def _sections() -> list[tuple[str, str, int]]:
    """Return the pages about meetings: endpoint, name, how much waits there."""
    found = [("attendance.meetings", _("Meetings"), 0),
             ("attendance.doubted", _("To review"), review_list.count_waiting(current_actor())),
             ("attendance.figures", _("Figures"), 0)]  # fmt: skip
    if has_permission(g.principal.role, Permission.DECIDE_DEVICES):
        found.append(("attendance.device_requests", _("Phones"), device_changes.count_waiting()))
    return found


def _waiting() -> int:
    return sum(number for _endpoint, _name, number in _sections())


@bp.route("/meetings", methods=["GET", "POST"])
@requires(Permission.MANAGE_ATTENDANCE)
def meetings() -> ResponseReturnValue:
    """List the meetings (q, page), or add one."""
    if request.method == "POST":
        return _create()
    found = sessions.search(forms.search_words(), forms.page_number(), current_actor())
    if wants_json():
        rows = [{**words.meeting_json(row.session), "members": row.members, "present": row.present,
                 "flagged": row.flagged} for row in found.rows]  # fmt: skip
        return jsonify(meetings=rows, page=found.page, pages=found.pages, per_page=sessions.PAGE_SIZE,
                       total=found.total)  # fmt: skip
    return render_template(
        "attendance/list.html", found=found, q=forms.search_words(), per_page=sessions.PAGE_SIZE, stage=words.stage,
        here=_address,
    )  # fmt: skip


@bp.get("/meetings/new")
@requires(Permission.MANAGE_ATTENDANCE)
def new_meeting() -> ResponseReturnValue:
    """Show the form of a new meeting."""
    return _form(forms.fresh(platform().settings.timezone), None)


@bp.get("/meetings/<int:meeting_id>")
@requires(Permission.MANAGE_ATTENDANCE)
def meeting(meeting_id: int) -> ResponseReturnValue:
    """Show a meeting and its attendance (status: confirmed, flagged, rejected, absent; page)."""
    return meeting_page(meeting_id)


def meeting_page(meeting_id: int, error: DomainError | None = None, typed: dict[str, Any] | None = None
                 ) -> ResponseReturnValue:  # fmt: skip
    """Return the page of a meeting, with what was wrong with the form on it."""
    session, lines = sessions.find(meeting_id, current_actor()), records.table(meeting_id, current_actor())
    status = request.args.get("status", "") if request.args.get("status", "") in SHOWN else ""
    chosen = [line for line in lines if status in ("", line.state)]
    pages = max(1, -(-len(chosen) // ROWS))
    page = min(forms.page_number(), pages)
    rows = chosen[(page - 1) * ROWS : page * ROWS]
    if wants_json():
        return jsonify(meeting=words.meeting_json(session), attendance=[words.line_json(line) for line in rows],
                       page=page, pages=pages, per_page=ROWS, total=len(chosen))  # fmt: skip
    html = render_template(
        "attendance/meeting.html", meeting=session, stage=words.stage(session), lines=rows, total=len(chosen),
        page=page, pages=pages, per_page=ROWS, status=status, said=words.figures_sentence(records.figures(lines)),
        words=words, shown=voters.format_voter_number, left_early=records.left_early, here=_address,
        errors=error.fields if isinstance(error, ValidationFailed) else {}, typed=typed or {},
        clash=error.message if error and not isinstance(error, ValidationFailed) else "",
        summary=[(f"f-{name}", said) for name, said in error.fields.items()]
        if isinstance(error, ValidationFailed) else [],
    )  # fmt: skip
    return html, error.status if error else 200


def _create() -> ResponseReturnValue:
    try:
        entries = forms.entries(platform().settings.timezone)
        with transaction():
            made = sessions.create(entries, current_actor())
    except ValidationFailed as error:
        if wants_json():
            raise
        return _form(forms.typed(), error)
    address = url_for("attendance.meeting", meeting_id=made.id)
    if wants_json():
        return jsonify(meeting=words.meeting_json(made)), 201, {"Location": address}
    flash(_("The meeting is ready. Show its code on the big screen."), "ok")
    return redirect(address, 303)


def _form(values: dict[str, Any], error: ValidationFailed | None) -> ResponseReturnValue:
    fields = error.fields if error else {}
    html = render_template(
        "attendance/form.html", values=values, errors=fields, zone=platform().settings.timezone,
        groups=[(row.group.id, f"{row.group.name} ({row.members})") for row in voters.list_groups()],
        layers=[layer.value for layer in Layer], words=words,
        summary=[(f"f-{name}", said) for name, said in fields.items()],
    )  # fmt: skip
    return html, error.status if error else 200


def _address(**changes: object) -> str:
    """Return the address of the present list with some of its questions changed; empty ones are left out."""
    asked = {**request.args.to_dict(), **changes}
    kept: dict[str, Any] = {name: value for name, value in asked.items() if name in ("q", "page", "status") and value}
    return url_for(request.endpoint or "", **(request.view_args or {}), **kept)
