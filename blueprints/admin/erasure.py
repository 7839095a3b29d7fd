"""Erasure of faces: what goes when, erasing at once, and the certificates."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints.admin import bp
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import FaceErasure, transaction
from services import accounts, face_erasure
from services.clock import utc_now
from services.context import platform
from services.errors import ValidationFailed
from services.security import Permission

MAX_REASON = 500


@bp.route("/face-erasure", methods=["GET", "POST"])
@requires(Permission.ENROL_FACES)
def face_erasures() -> ResponseReturnValue:
    """Show what is erased when, or (POST `reason`, `password`) erase now what no election needs."""
    return _erase() if request.method == "POST" else _page()


@bp.get("/face-erasure/<int:erasure_id>.txt")
@requires(Permission.ENROL_FACES)
def erasure_certificate(erasure_id: int) -> ResponseReturnValue:
    """Send a signed certificate as text; `flask verify-certificate` checks it."""
    words = face_erasure.certificate(erasure_id)
    name = f"attachment; filename=face-erasure-{erasure_id}.txt"
    return Response(words, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": name})


def _erase() -> ResponseReturnValue:
    values, problems = body(), {}
    reason = text_field(values, "reason", MAX_REASON)
    if not reason:
        problems["reason"] = _("Give a reason.")
    password = text_field(values, "password", strip=False)
    if not problems:
        # A wrong password counts like a failed sign-in, so this transaction stands on its own.
        with transaction():
            confirmed = accounts.confirm_password(g.principal.id, password, current_actor())
        if not confirmed:
            problems["password"] = _("This password is not right. Type your own password.")
    if problems:
        error = ValidationFailed(fields=problems)
        if wants_json():
            raise error
        return _page(error, reason)
    with transaction():
        done = face_erasure.erase_now(reason, current_actor())
    if wants_json():
        return jsonify(erasure=_erasure_json(done)), 201
    words = ngettext("The faces of %(num)s voter are erased.", "The faces of %(num)s voters are erased.", done.voters)
    flash(words, "ok")
    return redirect(url_for("admin.face_erasures"), 303)


def _page(error: ValidationFailed | None = None, reason: str = "") -> ResponseReturnValue:
    outlook, certificates = face_erasure.outlook(utc_now()), face_erasure.erasures()
    if wants_json():
        return jsonify(days=platform().settings.face_erase_days, outlook=_outlook_json(outlook),
                       erasures=[_erasure_json(done) for done in certificates])  # fmt: skip
    page = render_template(
        "admin/erasure.html", outlook=outlook, certificates=certificates, days=platform().settings.face_erase_days,
        fields=error.fields if error else {}, reason=reason, at_once=face_erasure.AT_ONCE, longest=MAX_REASON,
    )  # fmt: skip
    return page, error.status if error else 200


def _share_json(share: face_erasure.Share) -> dict[str, int]:
    return {"voters": share.voters, "pictures": share.pictures}


def _outlook_json(found: face_erasure.Outlook) -> dict[str, Any]:
    return {
        "due": _share_json(found.due), "ended": _share_json(found.ended), "unlisted": _share_json(found.unlisted),
        "later": [{"day": day.date().isoformat(), **_share_json(share)} for day, share in found.later],
        "held": [{"election": title, **_share_json(share)} for title, share in found.held],
    }  # fmt: skip


def _erasure_json(done: FaceErasure) -> dict[str, Any]:
    return {
        "id": done.id, "at": done.created_at.isoformat(), "by": done.erased_by, "reason": done.reason,
        "voters": done.voters, "templates": done.templates, "pictures": done.pictures,
    }  # fmt: skip
