"""Candidates: the choices on the ballot of one election."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import bp, forms
from blueprints.admin.frame import election_at_the_desk
from blueprints.admin.pictures import picture_url, upload_limit
from blueprints.http import body, current_actor, wants_json, with_files_again
from blueprints.policy import requires
from models import Candidate, Election, ElectionStatus, transaction
from services import candidates as ballot
from services import desk
from services.ballots import choices_of, places_of
from services.clock import utc_now
from services.context import platform
from services.errors import NotFound, ValidationFailed
from services.exports import order_words, sample_ballot_name, sample_ballot_pdf
from services.security import Permission
from services.ties import nota_words

STEPS = {"up": -1, "down": 1}


@bp.route("/candidates", methods=["GET", "POST"])
@requires(Permission.MANAGE_CANDIDATES)
def candidates() -> ResponseReturnValue:
    """List the candidates of one election (election=id, else the chosen or the newest one), or add one."""
    if request.method == "POST":
        return _create()
    elections = ballot.elections_with_ballot(current_actor())
    election = _chosen(elections)
    found = ballot.list_candidates(election.id) if election else []
    if wants_json():
        return jsonify(election_id=election.id if election else None, candidates=[candidate_json(row) for row in found])
    return render_template(
        "admin/candidates/list.html", candidates=found, elections=elections, election=election,
        election_choices=[(row.id, row.title) for row in elections], picture_url=picture_url,
    )  # fmt: skip


@bp.get("/candidates/new")
@requires(Permission.MANAGE_CANDIDATES)
def new_candidate() -> ResponseReturnValue:
    """Show an empty form, for the election in the address if it is a draft."""
    return _form(None, {"election_id": request.args.get("election", g.principal.election_id or "")}, None)


@bp.route("/candidates/<int:candidate_id>", methods=["GET", "POST", "PUT", "DELETE"])
@requires(Permission.MANAGE_CANDIDATES)
def candidate(candidate_id: int) -> ResponseReturnValue:
    """Show, change or delete one candidate."""
    wanted = forms.method()
    if wanted == "DELETE":
        return _delete(candidate_id)
    if wanted == "PUT":
        return _update(candidate_id)
    found = ballot.get_candidate(candidate_id, current_actor())
    if wants_json():
        return jsonify(candidate=candidate_json(found))
    return _form(found, _values(found), None)


@bp.post("/candidates/<int:candidate_id>/move")
@requires(Permission.MANAGE_CANDIDATES)
def move_candidate(candidate_id: int) -> ResponseReturnValue:
    """Move a candidate one place up or down (`direction`)."""
    direction = str(body().get("direction"))
    if direction not in STEPS:
        raise ValidationFailed(fields={"direction": _("Say up or down.")})
    with transaction():
        moved = ballot.move_candidate(candidate_id, STEPS[direction], current_actor())
    if wants_json():
        return jsonify(candidate=candidate_json(moved))
    return redirect(url_for("admin.candidates", election=moved.election_id, _anchor=f"c-{moved.id}"), 303)


@bp.get("/candidates/preview")
@requires(Permission.MANAGE_CANDIDATES)
def preview_ballot() -> ResponseReturnValue:
    """Show the ballot as a voter at the booth sees it; nothing on it can be cast."""
    election = _chosen(ballot.elections_with_ballot(current_actor()))
    if election is None:
        raise NotFound(_("There is no election yet."))
    return render_template(
        "admin/candidates/preview.html",
        election=election,
        choices=[ballot_row(choice) for choice in choices_of(election)],
        max_choices=election.max_choices,
        places=places_of(election),
        order=order_words(election),
        nota_rule=nota_words(election),
    )


@bp.get("/elections/<int:election_id>/sample-ballot.pdf")
@requires(Permission.VIEW_DESK)
def sample_ballot(election_id: int) -> ResponseReturnValue:
    """Send the ballot to print, with SAMPLE across it; of a draft it says that it can still change."""
    election = desk.visible_election(election_id, current_actor())
    content = sample_ballot_pdf(election, utc_now(), platform().settings.timezone)
    name = sample_ballot_name(election)
    return send_file(BytesIO(content), mimetype="application/pdf", download_name=name, max_age=0)


def ballot_row(choice: dict[str, Any]) -> dict[str, Any]:
    """Return a choice as the booth's rows take it."""
    return choice | {
        "image_url": picture_url(choice.get("image_path")), "symbol_url": picture_url(choice.get("symbol_path")),
    }  # fmt: skip


def _create() -> ResponseReturnValue:
    try:
        with transaction():
            added = ballot.create_candidate(forms.candidate_entries(), current_actor())
    except ValidationFailed as error:
        if wants_json():
            raise
        return _form(None, forms.typed(), error)
    if wants_json():
        address = url_for("admin.candidate", candidate_id=added.id)
        return jsonify(candidate=candidate_json(added)), 201, {"Location": address}
    flash(_("%(name)s was added.", name=added.name), "ok")
    return redirect(url_for("admin.candidates", election=added.election_id), 303)


def _update(candidate_id: int) -> ResponseReturnValue:
    try:
        with transaction():
            changed = ballot.update_candidate(candidate_id, forms.candidate_entries(), current_actor())
    except ValidationFailed as error:
        if wants_json():
            raise
        return _form(ballot.get_candidate(candidate_id, current_actor()), forms.typed(), error)
    if wants_json():
        return jsonify(candidate=candidate_json(changed))
    flash(_("The changes are saved."), "ok")
    return redirect(url_for("admin.candidates", election=changed.election_id), 303)


def _delete(candidate_id: int) -> ResponseReturnValue:
    with transaction():
        name = ballot.delete_candidate(candidate_id, current_actor())
    if wants_json():
        return jsonify(deleted=name)
    flash(_("%(name)s was deleted.", name=name), "ok")
    return redirect(url_for("admin.candidates"), 303)


def _form(found: Candidate | None, values: dict[str, Any], error: ValidationFailed | None) -> ResponseReturnValue:
    drafts = [
        (row.id, row.title)
        for row in ballot.elections_with_ballot(current_actor())
        if row.status is ElectionStatus.DRAFT
    ]
    errors = with_files_again(error.fields) if error else {}
    parties = [("", _("Independent")), *((row.party.id, row.party.name) for row in ballot.list_parties())]
    page = render_template(
        "admin/candidates/form.html", candidate=found, values=values, errors=errors,
        summary=forms.error_list(errors), drafts=drafts, max_mb=upload_limit(),
        party_choices=parties, fixed=ballot.is_fixed(found) if found else False,
        current_url=picture_url(found.image_path) if found else None,
    )  # fmt: skip
    return page, error.status if error else 200


def _values(found: Candidate) -> dict[str, Any]:
    return {
        "election_id": found.election_id, "party_id": found.party_id or "", "name": found.name,
        "description": found.description, "display_order": found.display_order,
    }  # fmt: skip


def candidate_json(found: Candidate) -> dict[str, Any]:
    """Return a candidate as the API shows one."""
    return {
        "id": found.id, "election_id": found.election_id, "name": found.name, "description": found.description,
        "party": {"id": found.party.id, "name": found.party.name} if found.party else None,
        "image_url": picture_url(found.image_path), "display_order": found.display_order,
    }  # fmt: skip


def _chosen(elections: list[Election]) -> Election | None:
    """Return the election of the address, else the one chosen at the desk, else the first of the list."""
    at_the_desk = election_at_the_desk()
    wanted = request.args.get("election", at_the_desk.id if at_the_desk else None, type=int)
    return next((election for election in elections if election.id == wanted), elections[0] if elections else None)
