"""What views share: the caller as an Actor, JSON or form input, and the choice between HTML and JSON."""

from __future__ import annotations

from typing import Any

from flask import g, request
from flask_babel import gettext as _

from services.actor import Actor
from services.errors import ValidationFailed


def wants_json() -> bool:
    """Tell whether the caller speaks JSON: a JSON body, or JSON preferred over HTML."""
    if request.is_json:
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" and request.accept_mimetypes[best] > request.accept_mimetypes["text/html"]


def current_actor() -> Actor:
    """Return who asks: the signed-in staff member or kiosk, or an anonymous actor."""
    agent = (request.user_agent.string or "")[:300]
    principal = g.get("principal")
    if principal is None:
        return Actor(role="anonymous", ip=request.remote_addr, user_agent=agent)
    return Actor(role=principal.role, id=principal.id, name=principal.name, ip=request.remote_addr, user_agent=agent)


def body() -> dict[str, Any]:
    """Return the JSON object or the form of the request as a dict; raises ValidationFailed for other JSON."""
    if not request.is_json:
        return request.form.to_dict()
    value = request.get_json(silent=True)
    if not isinstance(value, dict):
        raise ValidationFailed(_("Send one JSON object."))
    return value


def text_field(values: dict[str, Any], name: str, limit: int = 200) -> str:
    """Return a stripped text value, '' when it is absent; raises ValidationFailed for other types or too long."""
    value = values.get(name, "")
    if not isinstance(value, str):
        raise ValidationFailed(fields={name: _("Send this as text.")})
    if len(value) > limit or "\x00" in value:
        raise ValidationFailed(fields={name: _("This is too long. The limit is %(limit)s characters.", limit=limit)})
    return value.strip()
