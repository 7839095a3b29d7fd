"""Elections: the list, opening, closing, the recovery copy."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints.admin import bp, dangerous
from blueprints.admin.booths import note_field, store_notes
from blueprints.admin.election_drafts import create_election
from blueprints.admin.election_form import search_words
from blueprints.admin.election_views import election_json, election_page, manages
from blueprints.admin.frame import election_at_the_desk
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import Election, ElectionStatus, transaction
from services import accounts, approvals, booth_sheet, box_keys, desk
from services import elections as service
from services.approvals import ActOutcome
from services.booth_sheet import SheetsUnbalanced
from services.clock import utc_now
from services.errors import Conflict, ValidationFailed
from services.security import Permission


@bp.route("/elections", methods=["GET", "POST"])
@requires(Permission.VIEW_DESK)
def elections() -> ResponseReturnValue:
    """List elections (status=, q= words of the title), or make a draft (admins only)."""
    if request.method == "POST":
        return create_election()
    text = request.args.get("status", "")
    status, words = ElectionStatus(text) if text in list(ElectionStatus) else None, search_words()
    found = service.visible_elections(current_actor(), status, words)
    if wants_json():
        return jsonify(elections=[election_json(election) for election in found])
    return render_template(
        "admin/elections/list.html", elections=found, counts=service.roll_counts_of(found), q=words, status=status,
        current_election=election_at_the_desk(), manages=manages(),
    )  # fmt: skip


@bp.get("/elections/<int:election_id>")
@requires(Permission.VIEW_DESK)
def election(election_id: int) -> ResponseReturnValue:
    """Show one election, what it still lacks, and what can be done with it."""
    found = desk.visible_election(election_id, current_actor())
    return jsonify(election=election_json(found)) if wants_json() else election_page(found)


@bp.post("/elections/<int:election_id>/select")
@requires(Permission.VIEW_DESK)
def select_election(election_id: int) -> ResponseReturnValue:
    """Make this the election that the desk shows."""
    found = desk.visible_election(election_id, current_actor())
    with transaction():
        accounts.select_election(g.principal.session_id, found.id)
    return jsonify(election=election_json(found)) if wants_json() else redirect(url_for("admin.dashboard"))


@bp.post("/elections/<int:election_id>/open")
@requires(Permission.MANAGE_ELECTIONS)
def open_election(election_id: int) -> ResponseReturnValue:
    """Freeze and sign the definition and open; the reasons against it come back in plain words."""
    found = desk.visible_election(election_id, current_actor())
    try:
        with transaction():
            service.open_election(found, current_actor())
            accounts.select_election(g.principal.session_id, election_id)
    except ValidationFailed:
        if wants_json():
            raise
        return election_page(desk.visible_election(election_id, current_actor())), 422
    if wants_json():
        return jsonify(election=election_json(desk.visible_election(election_id, current_actor())))
    flash(_("The election is open. Its candidates and rules cannot change any more."), "ok")
    return redirect(url_for("admin.election", election_id=election_id))


@bp.post("/elections/<int:election_id>/close")
@requires(Permission.MANAGE_ELECTIONS)
def close_election(election_id: int) -> ResponseReturnValue:
    """Ask first, counting who has not voted; before the closing time a second person confirms the answer `confirm`."""
    found = desk.visible_election(election_id, current_actor())
    values = body()
    text_field(values, "reason", approvals.MAX_REASON)
    if values.get("confirm") not in (True, "yes"):
        return _ask_to_close(found)
    try:
        if _is_early(found):
            return dangerous.submit(
                approvals.CLOSE_EARLY, found, {}, values, _closed, first=lambda: store_notes(found, values)
            )
        with transaction():
            store_notes(found, values)
            service.close_election(found, current_actor())
    except (SheetsUnbalanced, ValidationFailed) as error:
        if wants_json():
            raise
        return _ask_to_close(desk.visible_election(election_id, current_actor()), values, getattr(error, "fields", {}))
    return _closed()


@bp.post("/elections/<int:election_id>/recovery-copy")
@requires(Permission.MANAGE_ELECTIONS)
def recovery_copy(election_id: int) -> ResponseReturnValue:
    """Send the box key, encrypted with a passphrase typed twice, to keep away from this machine."""
    found = desk.visible_election(election_id, current_actor())
    values = body()
    first = text_field(values, "passphrase", 500, strip=False)
    second = text_field(values, "passphrase_again", 500, strip=False)
    errors = _passphrase_errors(first, second)
    if errors:
        if wants_json():
            raise ValidationFailed(fields=errors)
        return election_page(found, errors), 422
    with transaction():
        content = box_keys.recovery_copy(found, first, current_actor())
    name = f"recovery-copy-{found.public_id}.key"
    return send_file(
        BytesIO(content), mimetype="application/octet-stream", as_attachment=True, download_name=name, max_age=0
    )


def _is_early(found: Election) -> bool:
    return found.status is ElectionStatus.ACTIVE and utc_now() < found.closes_at


def _closed(outcome: ActOutcome | None = None) -> ResponseReturnValue:
    """Answer that an election was closed: the one of the address, or the one of the act."""
    number = (request.view_args or {})["election_id"]
    if wants_json():
        return jsonify(election=election_json(desk.visible_election(number, current_actor())))
    flash(_("The election is closed. The ballots are being sealed and counted."), "ok")
    return redirect(url_for("admin.results"))


def _ask_to_close(
    found: Election, values: dict[str, Any] | None = None, wrong: dict[str, str] | None = None
) -> ResponseReturnValue:
    """Ask whether to close; `values` are those of an answer that lacked something, `wrong` the fields that did."""
    if found.status is not ElectionStatus.ACTIVE:
        raise Conflict(_("Only an open election can be closed."))
    voted, on_roll = service.roll_counts(found)
    message = ngettext(
        "%(left)s voter has not voted. Nobody can vote after this. It cannot be opened again.",
        "%(left)s voters have not voted. Nobody can vote after this. It cannot be opened again.",
        on_roll - voted,
        left=f"{on_roll - voted:,}",
    )
    early, people = _is_early(found), dangerous.frame(found)
    if wants_json():
        error = {"code": "confirmation_needed", "message": message}
        return jsonify(error=error, needs=_needs(early, people["alone"]), confirmers=people["confirmers"]), 409
    unbalanced = booth_sheet.unexplained(found)
    missing = [name for name in map(note_field, unbalanced) if not str((values or {}).get(name, "")).strip()]
    errors = dict.fromkeys(missing, _("Say why the sheet does not balance.")) if values is not None else {}
    errors |= wrong or {}
    page = render_template(
        "admin/close.html", election=found, current_election=found, message=message, unbalanced=unbalanced,
        note_field=note_field, equation=booth_sheet.equation, values=values or {}, errors=errors,
        summary=_summary(errors), early=early, **people,
    )  # fmt: skip
    return page, 200 if values is None else 409


def _needs(early: bool, alone: bool) -> list[str]:
    """Return the fields that closing needs beside `confirm`."""
    return [] if not early else ["reason", "title", "password"] if alone else ["reason"]


def _passphrase_errors(first: str, second: str) -> dict[str, str]:
    if len(first) < box_keys.MIN_PASSPHRASE:
        return {"passphrase": _("Use %(count)s characters or more.", count=box_keys.MIN_PASSPHRASE)}
    return {} if first == second else {"passphrase_again": _("This is not the same passphrase. Type it again.")}


def _summary(errors: dict[str, str]) -> list[tuple[str, str]]:
    return [(f"f-{name}", sentence) for name, sentence in errors.items()]
