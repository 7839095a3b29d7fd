"""Staff: the list, invitations, one person, roles and access."""

from __future__ import annotations

from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints.admin import bp
from blueprints.http import body, current_actor, public_address, text_field, wants_json
from blueprints.policy import requires
from models import StaffLink, StaffRole, StaffUser, transaction
from services import elections, second_step
from services import staff as service
from services.clock import utc_now
from services.errors import ValidationFailed
from services.security import Permission
from services.staff import Invitee


@bp.app_context_processor
def staff_words() -> dict[str, Any]:
    """Give templates the words for the roles."""
    return {"role_words": {"admin": _("Administrator"), "officer": _("Officer"), "observer": _("Observer")}}


@bp.route("/staff", methods=["GET", "POST"])
@requires(Permission.MANAGE_STAFF)
def staff() -> ResponseReturnValue:
    """List the staff and the invitations that wait, or invite somebody."""
    if request.method == "POST":
        return _invite()
    people, waiting, now = service.everybody(current_actor()), service.waiting_invitations(), utc_now()
    if wants_json():
        shown = [person_json(person.user) | {"elections": [one.id for one in person.elections]} for person in people]
        return jsonify(staff=shown, invitations=[_invitation_json(link) for link in waiting])
    return render_template("admin/staff/list.html", people=people, invitations=waiting, now=now,
                           has_step=second_step.has_one)  # fmt: skip


@bp.get("/staff/invite")
@requires(Permission.MANAGE_STAFF)
def invite_staff() -> ResponseReturnValue:
    """Show an empty form."""
    return _form({}, {})


@bp.post("/staff/invitations/<int:link_id>/resend")
@requires(Permission.MANAGE_STAFF)
def resend_invitation(link_id: int) -> ResponseReturnValue:
    """Send a new link; the old one is worth nothing from now on."""
    with transaction():
        name = service.resend(link_id, current_actor(), link_address()).name
    return _done(_("A new link is on its way to %(name)s. The old one is worth nothing now.", name=name), resent=name)


@bp.post("/staff/invitations/<int:link_id>/withdraw")
@requires(Permission.MANAGE_STAFF)
def withdraw_invitation(link_id: int) -> ResponseReturnValue:
    """Take an invitation back."""
    with transaction():
        name = service.withdraw(link_id, current_actor()).name
    return _done(_("The invitation of %(name)s is taken back.", name=name), withdrawn=name)


@bp.get("/staff/<int:staff_id>")
@requires(Permission.MANAGE_STAFF)
def staff_member(staff_id: int) -> ResponseReturnValue:
    """Show one person: role, access, elections, sessions."""
    user = service.find(staff_id)
    person = next(one for one in service.everybody(current_actor()) if one.user.id == user.id)
    sessions = service.open_sessions(user.id)
    if wants_json():
        shown = person_json(user) | {"elections": [one.id for one in person.elections], "sessions": len(sessions)}
        return jsonify(person=shown)
    return render_template(
        "admin/staff/person.html", person=user, elections=person.elections, sessions=sessions,
        has_step=second_step.has_one(user), roles=_roles(), own=user.id == g.principal.id,
    )  # fmt: skip


@bp.post("/staff/<int:staff_id>/deactivate")
@requires(Permission.MANAGE_STAFF)
def deactivate_staff(staff_id: int) -> ResponseReturnValue:
    """Take somebody's access away."""
    with transaction():
        user = service.deactivate(staff_id, current_actor())
        name, orphans = user.username, service.without_admin(user)
    return _done(_("%(name)s is deactivated and signed out.", name=name) + _orphans(orphans), staff_id, active=False)


@bp.post("/staff/<int:staff_id>/reactivate")
@requires(Permission.MANAGE_STAFF)
def reactivate_staff(staff_id: int) -> ResponseReturnValue:
    """Give somebody the access back."""
    with transaction():
        name = service.reactivate(staff_id, current_actor()).username
    return _done(_("%(name)s can sign in again.", name=name), staff_id, active=True)


@bp.post("/staff/<int:staff_id>/role")
@requires(Permission.MANAGE_STAFF)
def change_staff_role(staff_id: int) -> ResponseReturnValue:
    """Give somebody another role; the person signs in again."""
    wanted = text_field(body(), "role", 20)
    if wanted not in set(StaffRole):
        raise ValidationFailed(fields={"role": _("Choose a role.")})
    with transaction():
        user = service.change_role(staff_id, StaffRole(wanted), current_actor())
        name, orphans = user.username, service.without_admin(user)
    return _done(_("%(name)s has the new role and signs in again.", name=name) + _orphans(orphans), staff_id,
                 role=wanted)  # fmt: skip


@bp.post("/staff/<int:staff_id>/sign-out")
@requires(Permission.MANAGE_STAFF)
def sign_out_staff(staff_id: int) -> ResponseReturnValue:
    """End all sessions of somebody."""
    with transaction():
        user = service.find(staff_id)
        name, count = user.username, service.end_all(user, current_actor())
    return _done(_("%(name)s is signed out everywhere.", name=name), staff_id, ended=count)


def link_address() -> str:
    """Return the whole address of the page that takes the token of a link."""
    return public_address("auth.invitation")


def person_json(user: StaffUser) -> dict[str, Any]:
    """Return a member of staff as the API shows one; times are ISO 8601 in UTC."""
    return {
        "id": user.id, "username": user.username, "name": user.name, "email": user.email, "role": user.role.value,
        "active": user.is_active, "second_step": second_step.has_one(user),
        "last_sign_in": user.last_login_at.isoformat() if user.last_login_at else None,
    }  # fmt: skip


def _invite() -> ResponseReturnValue:
    values = body()
    try:
        invitee = Invitee(
            text_field(values, "name"), text_field(values, "email", 254), text_field(values, "role", 20),
            _elections(values),
        )  # fmt: skip
        with transaction():
            link = service.invite(invitee, current_actor(), link_address())
            name, number = link.name, link.id
    except ValidationFailed as error:
        if wants_json():
            raise
        return _form(values | {"elections": _ticked()}, error.fields), error.status
    if wants_json():
        return jsonify(invited=name, id=number), 201
    flash(_("The invitation to %(name)s is on its way. The link works for 7 days.", name=name), "ok")
    return redirect(url_for("admin.staff"), 303)


def _elections(values: dict[str, Any]) -> frozenset[int]:
    """Return the elections of the form or of JSON; raises ValidationFailed for anything but numbers."""
    found = values.get("elections", []) if request.is_json else request.form.getlist("elections")
    if not isinstance(found, list) or not all(str(one).isascii() and str(one).isdigit() for one in found):
        raise ValidationFailed(fields={"elections": _("Send the elections as a list of numbers.")})
    return frozenset(int(one) for one in found if len(str(one)) < 10)


def _ticked() -> list[str]:
    return request.form.getlist("elections")


def _form(values: dict[str, Any], errors: dict[str, str]) -> str:
    return render_template(
        "admin/staff/invite.html", values=values, errors=errors, roles=_roles(),
        elections=elections.visible_elections(current_actor()),
        summary=[(f"f-{name}", words) for name, words in errors.items()],
    )  # fmt: skip


def _roles() -> list[tuple[str, str, str]]:
    return [
        ("admin", _("Administrator"), _("Prepares, opens and closes elections; looks after voters and staff.")),
        ("officer", _("Officer"), _("Opens booths, looks after them, confirms documents and dangerous acts.")),
        ("observer", _("Observer"), _("Reads results and figures. Changes nothing.")),
    ]


def _orphans(count: int) -> str:
    if not count:
        return ""
    words = ngettext(
        "%(num)s election has no administrator now: the operator adds one by `flask join-election`.",
        "%(num)s elections have no administrator now: the operator adds one by `flask join-election`.",
        count,
    )
    return f" {words}"


def _done(words: str, staff_id: int | None = None, **answer: object) -> ResponseReturnValue:
    if wants_json():
        return jsonify(message=words, **answer)
    flash(words, "ok")
    where = url_for("admin.staff") if staff_id is None else url_for("admin.staff_member", staff_id=staff_id)
    return redirect(where, 303)


def _invitation_json(link: StaffLink) -> dict[str, Any]:
    return {
        "id": link.id, "name": link.name, "email": link.email, "role": link.role.value,
        "expires_at": link.expires_at.isoformat(), "expired": link.expires_at <= utc_now(),
    }  # fmt: skip
