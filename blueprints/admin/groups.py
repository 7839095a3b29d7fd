"""Groups of voters and their members."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints.admin import bp, forms
from blueprints.admin.lists import list_address, page_json, row_json, statuses
from blueprints.http import current_actor, wants_json
from blueprints.policy import requires
from models import Group, transaction
from services import voters as register
from services.errors import ValidationFailed
from services.security import Permission

QUESTIONS = ("show", "q", "status", "sort", "order", "page")


@bp.route("/groups", methods=["GET", "POST"])
@requires(Permission.MANAGE_VOTERS)
def groups() -> ResponseReturnValue:
    """List the groups, or add one."""
    if request.method == "POST":
        return _create()
    rows = register.list_groups()
    if wants_json():
        return jsonify(groups=[{**_json(row.group), "members": row.members} for row in rows])
    return _list(None)


@bp.route("/groups/<int:group_id>", methods=["GET", "POST", "PUT", "DELETE"])
@requires(Permission.MANAGE_VOTERS)
def group(group_id: int) -> ResponseReturnValue:
    """Show a group with its members (show=off: everybody else; q, status, sort, order, page), rename or delete it."""
    wanted = forms.method()
    if wanted == "DELETE":
        return _delete(group_id)
    if wanted == "PUT":
        return _rename(group_id)
    return _page(register.get_group(group_id), None)


@bp.post("/groups/<int:group_id>/join")
@requires(Permission.MANAGE_VOTERS)
def join_group(group_id: int) -> ResponseReturnValue:
    """Add the ticked `voters`, or with `everybody` all whom the search of the address finds."""
    with transaction():
        if forms.ticked("everybody"):
            count = register.add_found(group_id, _query(group_id), current_actor())
        else:
            count = register.add_members(group_id, forms.id_list("voters"), current_actor())
    words = ngettext("%(num)s voter was added.", "%(num)s voters were added.", count)
    return _changed(group_id, count, words, _("Nobody was added. Tick a voter first."))


@bp.post("/groups/<int:group_id>/leave")
@requires(Permission.MANAGE_VOTERS)
def leave_group(group_id: int) -> ResponseReturnValue:
    """Take the ticked `voters` out of the group."""
    with transaction():
        count = register.remove_members(group_id, forms.id_list("voters"), current_actor())
    words = ngettext("%(num)s voter was taken out.", "%(num)s voters were taken out.", count)
    return _changed(group_id, count, words, _("Nobody was taken out. Tick a voter first."))


def _create() -> ResponseReturnValue:
    try:
        with transaction():
            added = register.create_group(forms.group_name(), current_actor())
    except ValidationFailed as error:
        if wants_json():
            raise
        return _list(error)
    address = url_for("admin.group", group_id=added.id, show="off")
    if wants_json():
        return jsonify(group=_json(added)), 201, {"Location": url_for("admin.group", group_id=added.id)}
    flash(_("The group %(name)s was added. Add its members now.", name=added.name), "ok")
    return redirect(address, 303)


def _rename(group_id: int) -> ResponseReturnValue:
    try:
        with transaction():
            renamed = register.rename_group(group_id, forms.group_name(), current_actor())
    except ValidationFailed as error:
        if wants_json():
            raise
        return _page(register.get_group(group_id), error)
    if wants_json():
        return jsonify(group=_json(renamed))
    flash(_("The changes are saved."), "ok")
    return redirect(url_for("admin.group", group_id=group_id), 303)


def _delete(group_id: int) -> ResponseReturnValue:
    with transaction():
        name = register.delete_group(group_id, current_actor())
    if wants_json():
        return jsonify(deleted=name)
    flash(_("The group %(name)s was deleted. Its voters stay.", name=name), "ok")
    return redirect(url_for("admin.groups"), 303)


def _list(error: ValidationFailed | None) -> ResponseReturnValue:
    page = render_template(
        "admin/groups/list.html", rows=register.list_groups(), errors=error.fields if error else {},
        summary=forms.error_list(error.fields) if error else [], typed=forms.typed().get("name", "") if error else "",
    )  # fmt: skip
    return page, error.status if error else 200


def _page(found: Group, error: ValidationFailed | None) -> ResponseReturnValue:
    query = _query(found.id)
    page = register.search_voters(query)
    members = register.count_members(found)
    if wants_json():
        return jsonify(
            group={**_json(found), "members": members}, voters=[row_json(row) for row in page.rows], **page_json(page)
        )
    html = render_template(
        "admin/groups/page.html", group=found, members=members, found=page, query=query, statuses=statuses(),
        per_page=register.PAGE_SIZE, address=_address, shown=register.format_voter_number, most=register.MOST_COUNTED,
        errors=error.fields if error else {}, summary=forms.error_list(error.fields) if error else [],
        name=forms.typed().get("name", "") if error else found.name,
    )  # fmt: skip
    return html, error.status if error else 200


def _query(group_id: int) -> register.VoterQuery:
    query = forms.voter_query(None)
    if request.args.get("show") == "off":
        return replace(query, not_in_group=group_id)
    return replace(query, group_id=group_id)


def _changed(group_id: int, count: int, words: str, nothing: str) -> ResponseReturnValue:
    if wants_json():
        return jsonify(changed=count, members=register.count_members(register.get_group(group_id)))
    flash(words if count else nothing, "ok" if count else "notice")
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name in QUESTIONS}
    return redirect(url_for("admin.group", group_id=group_id, **kept), 303)


def _json(found: Group) -> dict[str, Any]:
    return {"id": found.id, "name": found.name, "created_at": found.created_at.isoformat()}


def _address(**changes: object) -> str:
    return list_address("admin.group", QUESTIONS, **changes)
