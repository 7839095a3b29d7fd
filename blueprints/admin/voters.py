"""Voters: the list, one voter, and the electoral rolls they stand on."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import bp, forms
from blueprints.admin.frame import election_at_the_desk
from blueprints.admin.lists import list_address, page_json, statuses
from blueprints.admin.roll import question
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import Gender, Voter, transaction
from services import mailings, rolls
from services import voters as register
from services.clock import utc_now
from services.errors import ValidationFailed
from services.security import Permission

LIST_QUESTIONS = ("q", "status", "pictures", "sort", "order", "page")


@bp.route("/voters", methods=["GET", "POST"])
@requires(Permission.MANAGE_VOTERS)
def voters() -> ResponseReturnValue:
    """List voters (q, status, pictures=few, sort, order, page), or add one."""
    if request.method == "POST":
        return _create()
    shown_election = election_at_the_desk()
    query = forms.voter_query(shown_election.id if shown_election else None)
    page = register.search_voters(query)
    if wants_json():
        rows = [{**voter_json(row.voter), "pictures": row.pictures, "has_voted": row.has_voted} for row in page.rows]
        return jsonify(voters=rows, **page_json(page))
    nearest = register.nearest_voter(query.text) if query.text and not page.total else None
    return render_template(
        "admin/voters/list.html", found=page, query=query, nearest=nearest, per_page=register.PAGE_SIZE,
        counts=register.count_by_status(), statuses=statuses(), address=_address, shown=register.format_voter_number,
        most=register.MOST_COUNTED,
    )  # fmt: skip


@bp.get("/voters/new")
@requires(Permission.MANAGE_VOTERS)
def new_voter() -> ResponseReturnValue:
    """Show an empty form."""
    return _form(None, {"elections": set()}, None)


@bp.route("/voters/<int:voter_id>", methods=["GET", "POST", "PUT", "DELETE"])
@requires(Permission.MANAGE_VOTERS)
def voter(voter_id: int) -> ResponseReturnValue:
    """Show, change or delete one voter."""
    wanted = forms.method()
    if wanted == "DELETE":
        return _delete(voter_id)
    if wanted == "PUT":
        return _update(voter_id)
    found = register.get_voter(voter_id)
    if wants_json():
        return jsonify(voter=_detail_json(found))
    return _form(found, _values(found), None)


@bp.post("/voters/<int:voter_id>/suspension")
@requires(Permission.MANAGE_VOTERS)
def suspend_voter(voter_id: int) -> ResponseReturnValue:
    """Suspend a voter, or with `change=lift` admit again, with a `reason`; on an open roll a second person confirms."""
    found, lifts = register.get_voter(voter_id), text_field(body(), "change") == "lift"
    election = rolls.open_roll_of(found)
    if election is not None and not wants_json():
        payload = rolls.change_payload("lift" if lifts else "suspend", [voter_id])
        return question(election, payload, {})
    register.refuse_on_open_roll(found)
    with transaction():
        changed = register.set_suspended(voter_id, not lifts, forms.reason(), current_actor())
    if wants_json():
        return jsonify(voter=_detail_json(changed))
    flash(_("The voter can vote again.") if lifts else _("The voter is suspended."), "ok")
    return redirect(url_for("admin.voter", voter_id=voter_id), 303)


def _create() -> ResponseReturnValue:
    try:
        with transaction():
            added = register.create_voter(forms.voter_entries(), current_actor())
    except ValidationFailed as error:
        if wants_json():
            raise
        return _form(None, forms.typed(), error)
    address = url_for("admin.voter", voter_id=added.id)
    if wants_json():
        return jsonify(voter=_detail_json(added)), 201, {"Location": address}
    flash(_("%(name)s was added. Enrol the face now, or later.", name=added.name), "ok")
    return redirect(address, 303)


def _update(voter_id: int) -> ResponseReturnValue:
    try:
        with transaction():
            changed = register.update_voter(voter_id, forms.voter_entries(), current_actor())
    except ValidationFailed as error:
        if wants_json():
            raise
        return _form(register.get_voter(voter_id), forms.typed(), error)
    if wants_json():
        return jsonify(voter=_detail_json(changed))
    flash(_("The changes are saved."), "ok")
    return redirect(url_for("admin.voter", voter_id=voter_id), 303)


def _delete(voter_id: int) -> ResponseReturnValue:
    with transaction():
        number = register.delete_voter(voter_id, current_actor())
    if wants_json():
        return jsonify(deleted=number)
    flash(_("Voter %(number)s was deleted.", number=register.format_voter_number(number)), "ok")
    return redirect(url_for("admin.voters"), 303)


def _form(found: Voter | None, values: dict[str, Any], error: ValidationFailed | None) -> ResponseReturnValue:
    entries = register.roll_entries_of(found, current_actor()) if found else []
    election = election_at_the_desk()
    page = render_template(
        "admin/voters/form.html", voter=found, values=values, errors=error.fields if error else {},
        summary=forms.error_list(error.fields) if error else [], genders=_genders(),
        rolls=register.open_rolls(current_actor()), statuses=statuses(),
        entries={entry.election_id: entry for entry in entries},
        effect=register.deletion_effect(found) if found else None, shown=register.format_voter_number,
        age=found.age_on(utc_now().date()) if found else None, election=election,
        moments=mailings.timeline(election, found) if election and found else [],
    )  # fmt: skip
    return page, error.status if error else 200


def _values(found: Voter) -> dict[str, Any]:
    """Return the stored values as the form shows them."""
    born = f"{found.dob.day} {found.dob.month} {found.dob.year}" if found.dob else ""
    rolls = {entry.election_id for entry in register.roll_entries_of(found, current_actor())}
    return {
        "name": found.name, "voter_id": register.format_voter_number(found.voter_id), "dob": born,
        "gender": found.gender.value, "email": found.email or "", "phone": found.phone or "",
        "status": found.status.value, "elections": rolls,
    }  # fmt: skip


def voter_json(found: Voter) -> dict[str, Any]:
    """Return a voter as the API shows one; dates are ISO 8601."""
    return {
        "id": found.id, "voter_id": found.voter_id, "name": found.name,
        "dob": found.dob.isoformat() if found.dob else None, "age": found.age_on(utc_now().date()),
        "gender": found.gender.value, "email": found.email, "phone": found.phone, "status": found.status.value,
        "created_at": found.created_at.isoformat(), "updated_at": found.updated_at.isoformat(),
    }  # fmt: skip


def _detail_json(found: Voter) -> dict[str, Any]:
    entries = register.roll_entries_of(found, current_actor())
    return {
        **voter_json(found),
        "pictures": len(found.faces),
        "elections": [
            {"id": entry.election_id, "title": entry.election.title, "has_voted": entry.has_voted} for entry in entries
        ],
    }


def _address(**changes: object) -> str:
    return list_address("admin.voters", LIST_QUESTIONS, **changes)


def _genders() -> list[tuple[str, str]]:
    words = {
        Gender.UNDISCLOSED: _("Not stated"), Gender.FEMALE: _("Female"),
        Gender.MALE: _("Male"), Gender.OTHER: _("Other"),
    }  # fmt: skip
    return [(kind.value, word) for kind, word in words.items()]
