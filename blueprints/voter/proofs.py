"""Checking in: the phone's key and its position, one after the other or both at once."""

from __future__ import annotations

import base64
import binascii
import math
from typing import Any

from flask import g
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.http import body, current_actor, text_field
from blueprints.policy import requires
from blueprints.voter import bp
from blueprints.voter.onward import left_by, onward
from models import transaction
from services.attendance import steps
from services.errors import ValidationFailed
from services.geo import Position
from services.security import Permission

KEY_CHARS = 400


@bp.post("/meetings/<int:meeting_id>/device")
@requires(Permission.OWN_VOTES)
def check_in_device(meeting_id: int) -> ResponseReturnValue:
    """Prove the device: `public_key` (SPKI) and `signature` of the nonce, in base64."""
    return _take(meeting_id, _key(body()), None)


@bp.post("/meetings/<int:meeting_id>/location")
@requires(Permission.OWN_VOTES)
def check_in_location(meeting_id: int) -> ResponseReturnValue:
    """Give the position: `latitude`, `longitude` in degrees, `accuracy` in metres, `mocked` if the device says so."""
    return _take(meeting_id, None, _located(body()))


@bp.post("/meetings/<int:meeting_id>/proofs")
@requires(Permission.OWN_VOTES)
def check_in_proofs(meeting_id: int) -> ResponseReturnValue:
    """Prove `device` and give `location` at once, as the two above; `page`: answer with the page of the record."""
    values = body()
    device, place = (_part(values, name) for name in ("device", "location"))
    if device is None and place is None:
        raise ValidationFailed(_("Send the phone's key, its position, or both."))
    key = None if device is None else _key(device)
    located = None if place is None else _located(place)
    return _take(meeting_id, key, located, values.get("page") is True)


def _take(
    meeting_id: int, key: steps.KeyProof | None, located: steps.Located | None, with_page: bool = False
) -> ResponseReturnValue:
    with transaction():
        record = steps.together(meeting_id, g.principal.id, key, located, current_actor())
        left = left_by(record, with_page=with_page)
    return onward(meeting_id, left)


def _part(values: dict[str, Any], name: str) -> dict[str, Any] | None:
    part = values.get(name)
    if part is not None and not isinstance(part, dict):
        raise ValidationFailed(fields={name: _("Send this as one JSON object.")})
    return part


def _key(values: dict[str, Any]) -> steps.KeyProof:
    return steps.KeyProof(_bytes(values, "public_key"), _bytes(values, "signature"))


def _located(values: dict[str, Any]) -> steps.Located:
    position = Position(*(_number(values, name) for name in ("latitude", "longitude", "accuracy")))
    return steps.Located(position, values.get("mocked") is True)


def _bytes(values: dict[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(text_field(values, name, KEY_CHARS), validate=True)
    except (binascii.Error, ValueError):
        raise ValidationFailed(fields={name: _("Send this in base64.")}) from None


def _number(values: dict[str, Any], name: str) -> float:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 10**9 or not math.isfinite(value):
        raise ValidationFailed(fields={name: _("Send this as a number.")})
    return float(value)
