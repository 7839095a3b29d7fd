"""Check-ins that wait for a look: the list, many decided at once, one beside its evidence, and the decision."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints import check_in_words
from blueprints.attendance import bp, forms, words
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.meeting_words import FLAGS
from blueprints.policy import requires
from models import AttendanceRecord, FlagKind, RecordStatus, transaction
from services import voters
from services.attendance import evidence, fence, review_list, reviews
from services.errors import Conflict, DomainError, ValidationFailed
from services.identification import attempt_words
from services.security import Permission

QUESTIONS = ("state", "kind", "group", "meeting", "q", "page")


@bp.get("/reviews")
@requires(Permission.MANAGE_ATTENDANCE)
def doubted() -> ResponseReturnValue:
    """List doubted check-ins (state: objected, confirmed, rejected, all; kind, group, meeting, q, page)."""
    return _list()


@bp.post("/reviews")
@requires(Permission.MANAGE_ATTENDANCE)
def decide_doubted() -> ResponseReturnValue:
    """Decide many: `records` (ids), `decision` (confirmed or rejected), `note`. Those decided before are skipped."""
    values = body()
    try:
        decision, note = text_field(values, "decision", 20), text_field(values, "note", reviews.MAX_NOTE)
        with transaction():
            done = reviews.decide_many(_ids(values), decision, note, current_actor())
    except ValidationFailed as error:
        if wants_json():
            raise
        return _list(error, values)
    if wants_json():
        return jsonify(done=done.done, skipped=done.skipped, own=done.own)
    flash(_bulk_words(done, decision), "ok" if done.done else "notice")
    return redirect(address(page=""), 303)


@bp.get("/records/<int:record_id>")
@requires(Permission.MANAGE_ATTENDANCE)
def record(record_id: int) -> ResponseReturnValue:
    """Show one check-in beside its evidence."""
    return _detail(reviews.find(record_id, current_actor()))


@bp.post("/records/<int:record_id>/review")
@requires(Permission.MANAGE_ATTENDANCE)
def review_record(record_id: int) -> ResponseReturnValue:
    """Confirm or reject (`decision`, `note`, and `seen`: the mark of what the reviewer looked at)."""
    values = body()
    found = reviews.find(record_id, current_actor())
    try:
        decision, note = text_field(values, "decision", 20), text_field(values, "note", reviews.MAX_NOTE)
        seen = text_field(values, "seen", 100)
        with transaction():
            reviews.decide(record_id, decision, note, current_actor(), seen)
    except (ValidationFailed, Conflict) as error:
        if wants_json():
            raise
        return _detail(found, error, values)
    if wants_json():
        return jsonify(check_in=review_json(found))
    confirmed = found.status is RecordStatus.CONFIRMED
    following = review_list.next_waiting(found, current_actor())
    if following is None:
        flash(_("The check-in is confirmed.") if confirmed else _("The check-in is rejected."), "ok")
        return redirect(url_for("attendance.meeting", meeting_id=found.session_id), 303)
    flash(_("The check-in is confirmed. Here is the next.") if confirmed else _("Rejected. Here is the next."), "ok")
    return redirect(url_for("attendance.record", record_id=following), 303)


@bp.get("/records/<int:record_id>/pictures/<picture>")
@requires(Permission.MANAGE_ATTENDANCE)
def record_picture(record_id: int, picture: str) -> ResponseReturnValue:
    """Return a picture (selfie, enrolled, room, twin); the view is in the audit log."""
    with transaction():
        content = evidence.picture(record_id, picture, current_actor())
    return Response(content, mimetype="image/jpeg")


def address(**changes: Any) -> str:
    """Return the address of the list with its present questions kept and some of them changed; empty ones go."""
    asked = {**request.args.to_dict(), **changes}
    kept: dict[str, Any] = {name: asked[name] for name in QUESTIONS if asked.get(name)}
    return url_for("attendance.doubted", **kept)


def review_json(found: AttendanceRecord) -> dict[str, Any]:
    """Return a check-in with what was decided about it; no picture, no position."""
    return {
        **words.record_json(found), "voter_id": found.voter.voter_id, "name": found.voter.name,
        "meeting": {"id": found.session_id, "title": found.session.title},
        "review_note": found.review_note, "objection": found.objection, "final": found.is_final,
        "reviewed_by": found.reviewer.username if found.reviewer else None,
        "reviewed_at": found.reviewed_at.isoformat() if found.reviewed_at else None,
        "objected_at": found.objected_at.isoformat() if found.objected_at else None, "seen": found.review_mark,
    }  # fmt: skip


def _query() -> review_list.Query:
    asked = request.args
    state, kind = asked.get("state", ""), asked.get("kind", "")
    return review_list.Query(
        state=state if state in review_list.STATES else "", kind=FlagKind(kind) if kind in list(FlagKind) else None,
        group_id=_number(asked.get("group", "")), session_id=_number(asked.get("meeting", "")),
        text=forms.search_words(), page=forms.page_number(),
    )  # fmt: skip


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _ids(values: dict[str, Any]) -> list[int]:
    chosen = values.get("records", []) if request.is_json else request.form.getlist("records")
    found = [_number(str(one)) for one in chosen] if isinstance(chosen, list) else [None]
    numbers = [one for one in found if one is not None]
    if len(numbers) != len(found):
        raise ValidationFailed(fields={"records": _("Send a list of the numbers of check-ins.")})
    return numbers


def _list(error: ValidationFailed | None = None, typed: dict[str, Any] | None = None) -> ResponseReturnValue:
    query = _query()
    found = review_list.search(query, current_actor())
    if wants_json():
        return jsonify(check_ins=[review_json(one) for one in found.rows], page=found.page, pages=found.pages,
                       per_page=review_list.PAGE_SIZE, total=found.total)  # fmt: skip
    fields = error.fields if error else {}
    html = render_template(
        "attendance/reviews.html", found=found, query=query, per_page=review_list.PAGE_SIZE, here=address,
        kinds=[("", _("All doubts")), *((kind, str(said)) for kind, said in FLAGS.items())],
        groups=[("", _("All groups")), *review_list.groups_seen(current_actor())], says=check_in_words,
        shown=voters.format_voter_number, longest=reviews.MAX_NOTE, errors=fields, typed=typed or {},
        ticked=request.form.getlist("records") if error else [],
        summary=[("f-note" if name == "note" else "picked", said) for name, said in fields.items()],
    )  # fmt: skip
    return html, error.status if error else 200


def _detail(
    found: AttendanceRecord, error: DomainError | None = None, typed: dict[str, Any] | None = None
) -> ResponseReturnValue:
    if wants_json():
        return jsonify(check_in=review_json(found))
    fields = error.fields if isinstance(error, ValidationFailed) else {}
    html = render_template(
        "attendance/record.html", record=found, evidence=evidence.of(found), drawn=fence.drawing(found),
        own=reviews.own_act(found, current_actor()), says=check_in_words, attempts=attempt_words,
        shown=voters.format_voter_number, errors=fields, clash=error.message if error and not fields else "",
        typed=typed or {}, longest=reviews.MAX_NOTE,
    )  # fmt: skip
    return html, error.status if error else 200


def _bulk_words(done: reviews.Bulk, decision: str) -> str:
    if decision == RecordStatus.CONFIRMED:
        said = ngettext("%(num)s check-in is confirmed.", "%(num)s check-ins are confirmed.", done.done)
    else:
        said = ngettext("%(num)s check-in is rejected.", "%(num)s check-ins are rejected.", done.done)
    if done.skipped:
        said += " " + ngettext(
            "%(num)s was decided before, or is objected to, and stays.",
            "%(num)s were decided before, or are objected to, and stay.",
            done.skipped,
        )
    if done.own:
        said += " " + ngettext(
            "%(num)s is your own act: somebody else decides.", "%(num)s are your own acts: somebody else decides.",
            done.own,
        )  # fmt: skip
    return str(said)
