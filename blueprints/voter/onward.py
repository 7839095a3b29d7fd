"""What a step of a check-in answers: where to go on, what the next step needs, or the page of what is on record."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from flask import flash, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.http import wants_json
from blueprints.voter.checked_in import record_page
from models import AttendanceAttempt, AttendanceRecord, RecordStatus
from services.attendance import layers


@dataclass(frozen=True)
class Left:
    """What a step left. `status` is "open" or the state of the record; `more` goes into the JSON beside it."""

    status: str
    more: dict[str, Any]


def due(attempt: AttendanceAttempt) -> dict[str, Any]:
    """Return what the steps that are left need: their names, and the number that the device signs, in base64."""
    return {
        "attempt": str(attempt.id), "nonce": base64.b64encode(attempt.nonce).decode(),
        "layers": [layer.value for layer in layers.left(attempt)],
    }  # fmt: skip


def left_by(record: AttendanceRecord | None, attempt: AttendanceAttempt | None = None, with_page: bool = False) -> Left:
    """Return what a step left; asked within its transaction, because the commit forgets.

    `with_page`: whoever is through needs no second request to see it.
    """
    if record is None:
        return Left("open", {"next": due(attempt)} if attempt else {})
    return Left(record.status.value, {"page": record_page(record)} if with_page and wants_json() else {})


def onward(meeting_id: int, left: Left) -> ResponseReturnValue:
    """Answer a step that was taken, as JSON or by going to the page of the next one."""
    address = url_for("voter.check_in", meeting_id=meeting_id)
    if wants_json():
        return jsonify(redirect=address, status=left.status, **left.more)
    if left.status == RecordStatus.CONFIRMED:
        flash(_("You are checked in."), "ok")
    return redirect(address, 303)
