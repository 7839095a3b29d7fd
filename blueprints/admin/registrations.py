"""Voters who registered by themselves: who waits, what speaks for them, and the decision."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import bp
from blueprints.http import body, current_actor, public_address, text_field, wants_json
from blueprints.policy import requires
from models import Registration, transaction
from services import voter_accounts, voters
from services.errors import Conflict, ValidationFailed
from services.security import Permission
from services.voter_accounts import Match

NEW = "new"
MAX_REASON = 500


@bp.get("/registrations")
@requires(Permission.MANAGE_VOTERS)
def registrations() -> ResponseReturnValue:
    """List the registrations that wait (`page`), the oldest first."""
    found = voter_accounts.waiting(min(max(1, request.args.get("page", 1, type=int)), 1_000_000))
    if wants_json():
        rows = [_registration_json(row) for row in found.rows]
        return jsonify(registrations=rows, page=found.page, pages=found.pages, total=found.total)
    return render_template("admin/registrations/list.html", found=found, shown=voters.format_voter_number)


@bp.get("/registrations/<int:registration_id>")
@requires(Permission.MANAGE_VOTERS)
def registration(registration_id: int) -> ResponseReturnValue:
    """Show one registration with the voters of the register who may be the person."""
    return _page(voter_accounts.find_registration(registration_id), {})


@bp.get("/registrations/<int:registration_id>/photo")
@requires(Permission.VIEW_EVIDENCE)
def registration_photo(registration_id: int) -> ResponseReturnValue:
    """Return the photo; the view is in the audit log."""
    with transaction():
        content = voter_accounts.photo(voter_accounts.find_registration(registration_id), current_actor())
    return Response(content, mimetype="image/jpeg")


@bp.post("/registrations/<int:registration_id>/approve")
@requires(Permission.MANAGE_VOTERS)
def approve_registration(registration_id: int) -> ResponseReturnValue:
    """Open the account: `voter` is the row id of a voter, or `new`."""
    chosen = str(body().get("voter", ""))[:20]
    try:
        if chosen != NEW and not (chosen.isascii() and chosen.isdigit()):
            raise ValidationFailed(fields={"voter": _("Choose who the person is.")})
        voter_id = None if chosen == NEW else min(int(chosen), 2**62)
        with transaction():
            voter = voter_accounts.approve(registration_id, voter_id, current_actor(), public_address("voter.login"))
    except (ValidationFailed, Conflict) as error:
        return _again(registration_id, "voter", error)
    if wants_json():
        return jsonify(voter={"id": voter.id, "voter_id": voter.voter_id, "name": voter.name})
    flash(_("%(name)s has an account now, and a mail that says so.", name=voter.name), "ok")
    return redirect(url_for("admin.registrations"), 303)


@bp.post("/registrations/<int:registration_id>/refuse")
@requires(Permission.MANAGE_VOTERS)
def refuse_registration(registration_id: int) -> ResponseReturnValue:
    """Refuse with a `reason`, which is mailed; entries and photo are deleted."""
    try:
        reason = text_field(body(), "reason", MAX_REASON)
        with transaction():
            voter_accounts.refuse(registration_id, reason, current_actor(), public_address("voter.register"))
    except ValidationFailed as error:
        return _again(registration_id, "reason", error)
    if wants_json():
        return jsonify(refused=registration_id)
    flash(_("The registration is refused. The person gets a mail with the reason."), "ok")
    return redirect(url_for("admin.registrations"), 303)


def _again(registration_id: int, field: str, error: ValidationFailed | Conflict) -> ResponseReturnValue:
    """Show the page once more with what was wrong."""
    if wants_json():
        raise error
    fields = error.fields if isinstance(error, ValidationFailed) else {}
    words = next(iter(fields.values()), error.message)
    return _page(voter_accounts.find_registration(registration_id), {field: words}), error.status


def _page(row: Registration, errors: dict[str, str]) -> str | Response:
    found = voter_accounts.matches(row)
    if wants_json():
        return jsonify(registration=_registration_json(row), matches=[_match_json(match) for match in found])
    near = [match for match in found if match.face]
    return render_template(
        "admin/registrations/detail.html", row=row, matches=found, errors=errors, shown=voters.format_voter_number,
        near=near, best=next((match.voter.id for match in found if match.is_likely), None),
        longest=MAX_REASON, summary=[(f"f-{name}", words) for name, words in errors.items()],
        typed=request.form.to_dict() if request.method == "POST" else {},
    )  # fmt: skip


def _registration_json(row: Registration) -> dict[str, Any]:
    return {
        "id": row.id, "name": row.name, "dob": row.dob.isoformat(), "email": row.email, "voter_id": row.voter_number,
        "confirmed_at": row.confirmed_at.isoformat() if row.confirmed_at else None,
    }  # fmt: skip


def _match_json(match: Match) -> dict[str, Any]:
    voter = match.voter
    return {
        "id": voter.id, "voter_id": voter.voter_id, "name": voter.name, "same": list(match.same),
        "differs": sorted(match.differs), "face": match.face,
        "distance": None if match.distance is None else round(match.distance, 2), "may_link": match.may_link,
    }  # fmt: skip
