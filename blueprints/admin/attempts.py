"""Attempts: the list, one beside the enrolled face, and the judgement."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, g, jsonify, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import attempt_form, bp
from blueprints.admin.frame import election_at_the_desk
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import AuthEvent, Election, Review, transaction
from services import desk, identification, voters
from services.context import platform
from services.errors import Conflict, ValidationFailed
from services.face_service import adaptive_threshold
from services.face_service.liveness import NEUTRAL_FRAMES
from services.identification import attempt_words, evidence, review_list, reviews
from services.identification.overrides import override_counts
from services.result_words import under_review_sentence
from services.security import Permission, has_permission


@bp.app_context_processor
def attempts_frame() -> dict[str, Any]:
    """Tell the frame of the desk whether it leads to the attempts, and how many wait for a review."""
    principal = g.get("principal")
    may = principal is not None and has_permission(principal.role, Permission.REVIEW_ATTEMPTS)
    return {"reviews_attempts": may, "count_reviews": _count_reviews}


@bp.get("/attempts")
@requires(Permission.REVIEW_ATTEMPTS)
def attempts() -> ResponseReturnValue:
    """List the attempts of the chosen election (result, method, review, kiosk, from, until, voter_id, page)."""
    election, query = election_at_the_desk(), attempt_form.attempt_query()
    found = review_list.search(election, query) if election else review_list.AttemptPage([], 0, 1, 1)
    if wants_json():
        rows = [attempt_form.attempt_json(event) for event in found.rows]
        return jsonify(attempts=rows, page=found.page, pages=found.pages, per_page=review_list.PAGE_SIZE,
                       total=found.total, waiting=_count_reviews(election))  # fmt: skip
    return render_template(
        "admin/attempts/list.html",
        election=election,
        current_election=election,
        found=found,
        query=query,
        per_page=review_list.PAGE_SIZE,
        choices={"result": attempt_form.results(), "method": attempt_form.methods(), "review": attempt_form.reviews()},
        kiosks=review_list.kiosks_of(election) if election else [],
        overrides=override_counts(election) if election else [],
        under_review=under_review_sentence(identification.under_review(election)) if election else "",
        words=attempt_words,
        address=attempt_form.address,
        shown=voters.format_voter_number,
    )


@bp.get("/attempts/<int:attempt_id>")
@requires(Permission.REVIEW_ATTEMPTS)
def attempt(attempt_id: int) -> ResponseReturnValue:
    """Show one attempt beside the enrolled face of the voter who was claimed."""
    return _page(_visible(attempt_id))


@bp.post("/attempts/<int:attempt_id>/review")
@requires(Permission.REVIEW_ATTEMPTS)
def review_attempt(attempt_id: int) -> ResponseReturnValue:
    """Confirm or reject (`decision`, `note`, and `seen`: the mark of what the reviewer looked at)."""
    event, values = _visible(attempt_id), body()
    try:
        with transaction():
            decision, seen = text_field(values, "decision"), text_field(values, "seen")
            note = text_field(values, "note", reviews.MAX_NOTE)
            reviews.judge(attempt_id, decision, note, seen, current_actor())
    except (ValidationFailed, Conflict) as error:
        if wants_json():
            raise
        return _page(event, error, values)
    if wants_json():
        return jsonify(attempt=attempt_form.attempt_json(event))
    following = review_list.next_waiting(event)
    confirmed = event.review is Review.CONFIRMED
    if following is None:
        flash(_("The attempt is confirmed.") if confirmed else _("The attempt is rejected."), "ok")
        return redirect(attempt_form.address("admin.attempts"), 303)
    flash(_("The attempt is confirmed. Here is the next.") if confirmed else _("Rejected. Here is the next."), "ok")
    return redirect(attempt_form.address("admin.attempt", attempt_id=following), 303)


@bp.get("/attempts/<int:attempt_id>/picture")
@requires(Permission.VIEW_EVIDENCE)
def attempt_picture(attempt_id: int) -> ResponseReturnValue:
    """Return the picture of an attempt; the view is in the audit log."""
    event = _visible(attempt_id)
    with transaction():
        content = evidence.attempt_picture(event, current_actor())
    return Response(content, mimetype="image/jpeg")


@bp.get("/voters/<int:voter_id>/pictures/<int:slot>")
@requires(Permission.VIEW_EVIDENCE)
def enrolled_picture(voter_id: int, slot: int) -> ResponseReturnValue:
    """Return an enrolled picture; the view is in the audit log."""
    with transaction():
        content = evidence.enrolled_picture(voter_id, slot, current_actor())
    return Response(content, mimetype="image/jpeg")


def _visible(attempt_id: int) -> AuthEvent:
    """Return an attempt of an election that the desk may show; raises NotFound."""
    event = reviews.find_attempt(attempt_id)
    desk.visible_election(event.election_id or 0, current_actor())
    return event


def _page(
    event: AuthEvent, error: ValidationFailed | Conflict | None = None, typed: dict[str, Any] | None = None
) -> ResponseReturnValue:
    query = attempt_form.attempt_query()
    beside = review_list.neighbours(event, query)
    if wants_json():
        return jsonify(attempt=attempt_form.attempt_json(event, beside))
    slots = evidence.enrolled_slots(event.voter_id)
    page = render_template(
        "admin/attempts/detail.html",
        event=event,
        current_election=desk.visible_election(event.election_id or 0, current_actor()),
        beside=beside,
        slots=slots,
        bar=adaptive_threshold(len(slots), NEUTRAL_FRAMES, platform().settings.face_threshold),
        voted=reviews.voted_after(event),
        sees_evidence=has_permission(g.principal.role, Permission.VIEW_EVIDENCE),
        fields=error.fields if isinstance(error, ValidationFailed) else {},
        clash=error.message if isinstance(error, Conflict) else "",
        typed=typed or {},
        longest=reviews.MAX_NOTE,
        words=attempt_words,
        address=attempt_form.address,
        shown=voters.format_voter_number,
    )
    return page, error.status if error else 200


def _count_reviews(election: Election | None) -> int:
    return review_list.waiting_count(election) if election else 0
