"""Parties and their symbols."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import bp, forms
from blueprints.admin.pictures import picture_url, upload_limit
from blueprints.http import current_actor, wants_json, with_files_again
from blueprints.policy import requires
from models import Party, transaction
from services import candidates as ballot
from services.errors import ValidationFailed
from services.security import Permission


@bp.route("/parties", methods=["GET", "POST"])
@requires(Permission.MANAGE_CANDIDATES)
def parties() -> ResponseReturnValue:
    """List the parties, or add one."""
    if request.method == "POST":
        return _create()
    rows = ballot.list_parties()
    if wants_json():
        return jsonify(parties=[{**party_json(row.party), "candidates": row.candidates} for row in rows])
    return render_template("admin/parties/list.html", rows=rows, picture_url=picture_url)


@bp.get("/parties/new")
@requires(Permission.MANAGE_CANDIDATES)
def new_party() -> ResponseReturnValue:
    """Show an empty form."""
    return _form(None, {}, None)


@bp.route("/parties/<int:party_id>", methods=["GET", "POST", "PUT", "DELETE"])
@requires(Permission.MANAGE_CANDIDATES)
def party(party_id: int) -> ResponseReturnValue:
    """Show, change or delete one party."""
    wanted = forms.method()
    if wanted == "DELETE":
        return _delete(party_id)
    if wanted == "PUT":
        return _update(party_id)
    found = ballot.get_party(party_id)
    if wants_json():
        return jsonify(party={**party_json(found), "candidates": ballot.count_candidates(found)})
    return _form(found, {"name": found.name}, None)


def _create() -> ResponseReturnValue:
    try:
        with transaction():
            added = ballot.create_party(forms.party_entries(), current_actor())
    except ValidationFailed as error:
        if wants_json():
            raise
        return _form(None, forms.typed(), error)
    if wants_json():
        address = url_for("admin.party", party_id=added.id)
        return jsonify(party=party_json(added)), 201, {"Location": address}
    flash(_("%(name)s was added.", name=added.name), "ok")
    return redirect(url_for("admin.parties"), 303)


def _update(party_id: int) -> ResponseReturnValue:
    try:
        with transaction():
            changed = ballot.update_party(party_id, forms.party_entries(), current_actor())
    except ValidationFailed as error:
        if wants_json():
            raise
        return _form(ballot.get_party(party_id), forms.typed(), error)
    if wants_json():
        return jsonify(party=party_json(changed))
    flash(_("The changes are saved."), "ok")
    return redirect(url_for("admin.parties"), 303)


def _delete(party_id: int) -> ResponseReturnValue:
    with transaction():
        name = ballot.delete_party(party_id, current_actor())
    if wants_json():
        return jsonify(deleted=name)
    flash(_("%(name)s was deleted.", name=name), "ok")
    return redirect(url_for("admin.parties"), 303)


def _form(found: Party | None, values: dict[str, Any], error: ValidationFailed | None) -> ResponseReturnValue:
    errors = with_files_again(error.fields) if error else {}
    page = render_template(
        "admin/parties/form.html", party=found, values=values, errors=errors,
        summary=forms.error_list(errors), max_mb=upload_limit(),
        candidates=ballot.count_candidates(found) if found else 0,
        fixed=ballot.is_on_a_ballot(found) if found else False,
        current_url=picture_url(found.symbol_path) if found else None,
    )  # fmt: skip
    return page, error.status if error else 200


def party_json(found: Party) -> dict[str, Any]:
    """Return a party as the API shows one."""
    return {"id": found.id, "name": found.name, "symbol_url": picture_url(found.symbol_path)}
