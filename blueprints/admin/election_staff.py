"""The list of an election's staff, and the table of permissions."""

from __future__ import annotations

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import bp
from blueprints.admin.permission_words import permission_rows
from blueprints.admin.staff import person_json
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import Election, transaction
from services import desk
from services import staff as service
from services.errors import ValidationFailed
from services.security import Permission


@bp.route("/elections/<int:election_id>/staff", methods=["GET", "POST"])
@requires(Permission.MANAGE_STAFF)
def election_staff(election_id: int) -> ResponseReturnValue:
    """Show who sees this election; add or remove (`act`) a member of staff (`staff_id`)."""
    found = desk.visible_election(election_id, current_actor())
    if request.method == "POST":
        return _change(found)
    members = service.listed(found)
    if wants_json():
        return jsonify(staff=[person_json(user) for user in members])
    return render_template(
        "admin/staff/election.html", election=found, current_election=found, members=members,
        others=[(user.id, user.name or user.username) for user in service.addable(found)],
    )  # fmt: skip


@bp.get("/permissions")
@requires(Permission.VIEW_PERMISSIONS)
def permissions() -> ResponseReturnValue:
    """Show the one table of who may do what."""
    rows = permission_rows()
    if wants_json():
        return jsonify(permissions=[{"name": row.name, "words": row.words, "roles": row.roles} for row in rows])
    return render_template("admin/staff/permissions.html", rows=rows)


def _change(election: Election) -> ResponseReturnValue:
    values = body()
    act, number = text_field(values, "act", 20), str(values.get("staff_id", ""))
    if act not in ("add", "remove") or not (number.isascii() and number.isdigit() and len(number) < 10):
        raise ValidationFailed(fields={"staff_id": _("Choose a person.")})
    change = service.add if act == "add" else service.remove
    with transaction():
        name = change(election, int(number), current_actor()).username
    if wants_json():
        return jsonify({"added" if act == "add" else "removed": name})
    words = _("%(name)s sees this election now.") if act == "add" else _("%(name)s sees this election no more.")
    flash(words % {"name": name}, "ok")
    return redirect(url_for("admin.election_staff", election_id=election.id), 303)
