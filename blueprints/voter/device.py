"""The phone that a member checks in with, and asking for another one."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from flask import g, jsonify, redirect, render_template, url_for
from flask import request as asked_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import limits
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from blueprints.voter import bp
from models import DeviceResetRequest, transaction
from services.attendance import device_changes, device_names, devices
from services.errors import Conflict, DomainError, ValidationFailed
from services.security import Permission

KEY_CHARS = 400


@bp.route("/device", methods=["GET", "POST"])
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.CODES, key_func=limits.own_key, methods=["POST"])
def own_device() -> ResponseReturnValue:
    """Show the bound phone and what was asked for; a POST asks for this one (`public_key` in base64, `reason`)."""
    if asked_for.method == "GET":
        return _page()
    values = body()
    try:
        key, reason = _key(values), text_field(values, "reason", devices.MAX_REASON)
        with transaction():
            waiting = devices.ask_for_change(g.principal.id, key, reason, current_actor())
            shown = request_json(waiting)
    except (ValidationFailed, Conflict) as error:
        if wants_json():
            raise
        return _page(error, values)
    if wants_json():
        return jsonify(request=shown), 201
    return redirect(url_for("voter.own_device"), 303)


def request_json(asked: DeviceResetRequest | None) -> dict[str, Any] | None:
    """Return the own request as JSON."""
    if asked is None:
        return None
    return {
        "reason": asked.reason, "asked_at": asked.created_at.isoformat(),
        "decision": asked.decision.value if asked.decision else None, "note": asked.note,
    }  # fmt: skip


def _page(error: DomainError | None = None, typed: dict[str, Any] | None = None) -> ResponseReturnValue:
    now = device_changes.standing(g.principal.id)
    if wants_json():
        bound = device_names.spoken(now.bound.label) if now.bound else None
        return jsonify(bound=bound, waiting=request_json(now.waiting), last=request_json(now.last))
    fields = error.fields if isinstance(error, ValidationFailed) else {}
    html = render_template(
        "voter/device.html", now=now, spoken=device_names.spoken, errors=fields, typed=typed or {},
        clash=error.message if error and not fields else "", longest=devices.MAX_REASON,
        summary=[("f-reason", words) for words in fields.values()],
    )  # fmt: skip
    return html, error.status if error else 200


def _key(values: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(text_field(values, "public_key", KEY_CHARS), validate=True)
    except (binascii.Error, ValueError):
        raise ValidationFailed(fields={"public_key": _("Send this in base64.")}) from None
