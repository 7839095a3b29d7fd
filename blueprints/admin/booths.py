"""Booths on election day: signs of life, stopping one, booth sheets and their notes."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import flash, g, jsonify, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import bp
from blueprints.admin.frame import election_at_the_desk
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import Election, transaction
from services import booth_sheet, desk, kiosks
from services.booth_sheet import Sheet
from services.clock import utc_now
from services.context import platform
from services.errors import NotFound, ValidationFailed
from services.exports import booth_sheet_name, booth_sheet_pdf
from services.identification.overrides import override_counts
from services.kiosks import Booth
from services.security import Permission, has_permission

MAX_REASON = 500
NO_BOOTH = 0
"""Stands in an address for what belongs to no booth."""


@bp.app_context_processor
def booth_frame() -> dict[str, Any]:
    """Tell the frame of the desk whether it leads to the booths."""
    principal = g.get("principal")
    return {"manages_booths": principal is not None and has_permission(principal.role, Permission.MANAGE_BOOTHS)}


@bp.get("/booths")
@requires(Permission.MANAGE_BOOTHS)
def booths() -> ResponseReturnValue:
    """Show every booth with its last sign of life, what to do, and whether its sheet balances."""
    now, election = utc_now(), election_at_the_desk()
    found = kiosks.booths(election, now) if election else []
    sheets = booth_sheet.sheets(election, now) if election else []
    if wants_json():
        return jsonify(booths=[_booth_json(booth) for booth in found], sheets=[_sheet_json(sheet) for sheet in sheets])
    return render_template(
        "admin/booths/list.html",
        election=election,
        current_election=election,
        booths=found,
        sheets=sheets,
        unexplained={sheet.kiosk_id for sheet in booth_sheet.unexplained(election)} if election else set(),
        overrides=override_counts(election) if election else [],
        minutes=lambda booth: int(booth.silence.total_seconds()) // 60,
        ago=desk.ago,
        now=now,
    )


@bp.post("/booths/<int:kiosk_id>/stop")
@requires(Permission.MANAGE_BOOTHS)
def stop_booth(kiosk_id: int) -> ResponseReturnValue:
    """End a booth's session from the desk; a ballot that is open there ends without a vote."""
    reason = text_field(body(), "reason", MAX_REASON)
    if not reason:
        raise ValidationFailed(fields={"reason": _("Give a reason.")})
    with transaction():
        name = kiosks.stop_kiosk(kiosk_id, reason, current_actor()).name
    if wants_json():
        return jsonify(stopped=name)
    flash(_("%(booth)s is stopped. An officer opens it again on the start page: Polling System.", booth=name), "ok")
    return redirect(url_for("admin.booths"), 303)


@bp.get("/booths/sheets")
@requires(Permission.MANAGE_BOOTHS)
def booth_sheets() -> ResponseReturnValue:
    """Show the sheets hour by hour, with their notes."""
    return _sheets_page(_election())


@bp.get("/booths/sheets.pdf")
@requires(Permission.MANAGE_BOOTHS)
def booth_sheets_pdf() -> ResponseReturnValue:
    """Send all sheets to print and sign."""
    election, now = _election(), utc_now()
    notes, sheets = booth_sheet.notes_of(election), booth_sheet.sheets(election, now)
    frozen_at = booth_sheet.frozen_at(election)
    content = booth_sheet_pdf(election, sheets, notes, now, platform().settings.timezone, frozen_at)
    name = booth_sheet_name(election)
    return send_file(BytesIO(content), mimetype="application/pdf", as_attachment=True, download_name=name, max_age=0)


@bp.post("/booths/<int:kiosk_id>/note")
@requires(Permission.MANAGE_BOOTHS)
def note_booth(kiosk_id: int) -> ResponseReturnValue:
    """Store why the sheet of a booth (0: of no booth) does not balance."""
    election, values = _election(), body()
    try:
        with transaction():
            note = text_field(values, "note", booth_sheet.NOTE_LIMIT)
            booth_sheet.add_note(election, _kiosk(kiosk_id), note, current_actor())
    except ValidationFailed as error:
        if wants_json():
            raise
        return _sheets_page(election, kiosk_id, error.fields.get("note", error.message)), 422
    if wants_json():
        return jsonify(noted=True), 201
    flash(_("The note is stored. It stands on the printed sheet."), "ok")
    return redirect(url_for("admin.booth_sheets"), 303)


def note_field(sheet: Sheet) -> str:
    """Return the name of the field for the note on a sheet, on the page that closes an election."""
    return f"note_{sheet.kiosk_id or NO_BOOTH}"


def store_notes(election: Election, values: dict[str, Any]) -> None:
    """Store the notes that were written while closing; the fields are named by `note_field`."""
    for sheet in booth_sheet.unexplained(election):
        if note := text_field(values, note_field(sheet), booth_sheet.NOTE_LIMIT):
            booth_sheet.add_note(election, sheet.kiosk_id, note, current_actor())


def _election() -> Election:
    election = election_at_the_desk()
    if election is None:
        raise NotFound(_("There is no election yet."))
    return election


def _kiosk(number: int) -> int | None:
    return None if number == NO_BOOTH else number


def _sheets_page(election: Election, wrong: int | None = None, error: str | None = None) -> str:
    """Render the sheets; `wrong` is the number of the booth whose note was refused, for the reason `error`."""
    unexplained = {sheet.kiosk_id for sheet in booth_sheet.unexplained(election)}
    return render_template(
        "admin/booths/sheets.html",
        election=election,
        current_election=election,
        sheets=booth_sheet.sheets(election),
        frozen_at=booth_sheet.frozen_at(election),
        notes=booth_sheet.notes_of(election),
        unexplained=unexplained,
        equation=booth_sheet.equation,
        document_words=booth_sheet.document_words,
        wrong=wrong,
        error=error,
        limit=booth_sheet.NOTE_LIMIT,
    )


def _booth_json(booth: Booth) -> dict[str, Any]:
    return {
        "id": booth.id,
        "name": booth.name,
        "state": booth.sign.value,
        "use": booth.use.value,
        "last_seen_at": booth.seen_at.isoformat(),
    }


def _sheet_json(sheet: Sheet) -> dict[str, Any]:
    total = sheet.total
    return {
        "kiosk_id": sheet.kiosk_id,
        "name": sheet.name,
        "checkins": total.checkins,
        "votes": total.votes,
        "left": total.left,
        "expired": total.expired,
        "waiting": total.waiting,
        "by_document": total.by_document,
        "refused": total.refused,
        "balanced": sheet.balanced,
        "words": booth_sheet.equation(total),
    }
