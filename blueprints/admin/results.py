"""The result on the desk, its live figures, its exports, and the reset of an election."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from flask import current_app, flash, g, jsonify, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import streams
from blueprints.admin import bp, dangerous
from blueprints.admin.frame import election_at_the_desk
from blueprints.admin.live_desk import still_allowed
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from blueprints.result_context import result_context, result_document, result_json, tie_facts
from models import Election, transaction
from services import approvals, audit_logger, confirmations, desk, elections, identification
from services.approvals import ActOutcome
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, NotFound, ValidationFailed
from services.exports import csv_export, file_name, pdf_export
from services.result_report import appendix_of
from services.result_words import balance_sentence, under_review_sentence, verdict_title, verdict_words
from services.results import Result, result_of
from services.security import Permission, has_permission

KIND = "result"
RESET = "reset-election"


@bp.get("/results")
@requires(Permission.VIEW_RESULTS)
def results() -> ResponseReturnValue:
    """Show the result of the chosen election; the page asks for new figures every 2 s."""
    election = election_at_the_desk()
    if election is None:
        return render_template("admin/results_empty.html")
    now = utc_now()
    result = result_of(election, now)
    _note_view(election)
    return render_template(
        "admin/results.html",
        now=now,
        election=election,
        current_election=election,
        result=result_context(result),
        counted=result.counted,
        headline=verdict_title(result),
        words=verdict_words(result),
        balance=balance_sentence(result.balance, result.secret),
        under_review=under_review_sentence(identification.under_review(election)),
        tie_facts=tie_facts(result),
        may_resolve=result.undecided and has_permission(g.principal.role, Permission.MANAGE_ELECTIONS),
    )


@bp.get("/results/live")
@requires(Permission.VIEW_RESULTS)
def results_live() -> ResponseReturnValue:
    """Answer the figures of the chosen election, pushed on `Accept: text/event-stream`.

    Per candidate, per party, NOTA, turnout, winner or tie.
    """
    election = _chosen()
    _note_view(election)
    if streams.is_wanted():
        return streams.answer((KIND, election.id), still_allowed(election.id, Permission.VIEW_RESULTS))
    return jsonify(figures(election.id))


@bp.get("/results/export.csv")
@requires(Permission.VIEW_RESULTS)
def export_csv() -> ResponseReturnValue:
    """Send the result as CSV; 409 while the counts may not be seen."""
    result = _exported("csv")
    return _download(result, csv_export(result), "csv", "text/csv")


@bp.get("/results/export.pdf")
@requires(Permission.VIEW_RESULTS)
def export_pdf() -> ResponseReturnValue:
    """Send the result as PDF; 409 while the counts may not be seen."""
    result, now, zone = _exported("pdf"), utc_now(), platform().settings.timezone
    content = pdf_export(result, now, zone, appendix_of(_chosen(), now, zone))
    return _download(result, content, "pdf", "application/pdf")


@bp.get("/results/export.json")
@requires(Permission.VIEW_RESULTS)
def export_json() -> ResponseReturnValue:
    """Send the result as JSON (docs/result-json.md); 409 while the counts may not be seen."""
    result = _exported("json")
    if not result.counted:
        raise Conflict(result.note)
    content = json.dumps(result_document(_chosen(), result), ensure_ascii=False, indent=2).encode()
    return _download(result, content, "json", "application/json")


@bp.post("/election/reset")
@requires(Permission.MANAGE_ELECTIONS)
def reset_election() -> ResponseReturnValue:
    """Archive the round and open a fresh one: asked first, then asked for with the answer's token and the title.

    The second confirmation is another person's; where nobody else can give it, the own password is.
    """
    values = body()
    election = _wanted(values)
    token, typed = text_field(values, "confirm_token", 500), text_field(values, "title", 500)
    if not token:
        return _ask_to_reset(election)
    if not confirmations.holds(current_app.secret_key, token, RESET, *_subject(election)):
        return _ask_to_reset(election, {"confirm_token": _("Five minutes are over. Confirm once more.")})
    if typed != election.title:
        return _ask_to_reset(election, {"title": _("Type the title exactly as it stands above.")})
    try:
        return dangerous.submit(approvals.RESET, election, {}, values, _was_reset)
    except ValidationFailed as error:
        return _ask_to_reset(_wanted(values), error.fields, values)


def _was_reset(outcome: ActOutcome) -> ResponseReturnValue:
    fresh_id = outcome.change.next_election if outcome.change else None
    if wants_json():
        return jsonify(election_id=fresh_id, archived_id=outcome.approval.election_id)
    flash(_("The round is archived. A fresh round is open."), "ok")
    return redirect(url_for("admin.election", election_id=fresh_id))


def figures(election_id: int) -> dict[str, Any]:
    """Return the figures of an election for the hub."""
    result = result_of(elections.get_election(election_id), utc_now())
    return {**result_json(result), "balance_words": balance_sentence(result.balance, result.secret)}


def _chosen() -> Election:
    election = election_at_the_desk()
    if election is None:
        raise NotFound(_("There is no election yet."))
    return election


def _wanted(values: dict[str, object]) -> Election:
    """Return the election that the request names, else the chosen one."""
    named = values.get("election_id")
    if named is None or named == "":
        return _chosen()
    text = str(named)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return desk.visible_election(number, current_actor())


def _subject(election: Election) -> tuple[int, ...]:
    return election.id, g.principal.session_id


def _ask_to_reset(
    election: Election, errors: dict[str, str] | None = None, values: dict[str, Any] | None = None
) -> ResponseReturnValue:
    """Say what a reset does and give the token for asking for it; nothing is changed."""
    act = approvals.act_named(approvals.RESET)
    act.check(election, {})
    people = dangerous.frame(election)
    token = confirmations.issue(current_app.secret_key, RESET, *_subject(election))
    kept, fresh, again = act.describe(election, {}).words
    message = f"{kept} {fresh}"
    if wants_json():
        error = {"code": "confirmation_needed", "message": message, **({"fields": errors} if errors else {})}
        needs = ["reason", "title", "password"] if people["alone"] else ["reason", "title"]
        answer = {"error": error, "confirm_token": token, "title": election.title, "needs": needs}
        return jsonify(answer | {"expires_in": confirmations.LIFETIME_SECONDS}), 409
    page = render_template(
        "admin/reset.html", election=election, token=token, message=message, again=again, errors=errors or {},
        values=values or {}, **people,
    )  # fmt: skip
    return page, 422 if errors else 200


def _note_view(election: Election) -> None:
    """Write down who looks at the result, once an hour (design, section 8: result views by staff are audited)."""
    with transaction():
        audit_logger.record_hourly("staff:result:viewed", current_actor(), election_id=election.id)


def _exported(kind: str) -> Result:
    """Return the result to export, with the export in the audit log."""
    election = _chosen()
    result = result_of(election, utc_now())
    if result.counted:
        with transaction():
            audit_logger.record("staff:result:exported", current_actor(), election_id=election.id, kind=kind)
    return result


def _download(result: Result, content: bytes, suffix: str, kind: str) -> ResponseReturnValue:
    name = file_name(result, suffix)
    return send_file(BytesIO(content), mimetype=kind, as_attachment=True, download_name=name, max_age=0)
