"""Where a mail provider reports what it could not deliver."""

from __future__ import annotations

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from blueprints import limits
from blueprints.ops import bp
from blueprints.policy import public
from models import transaction
from services import mailings


@bp.post("/mail/events")
@public
@limits.limiter.limit(limits.MAIL_EVENTS, key_func=limits.address_key)
def mail_events() -> ResponseReturnValue:
    """Take a signed report (X-Timestamp, X-Signature): `{"events": [{message_id, event: "bounced", code, reason}]}`.

    No session and no CSRF token: the signature is all that counts.
    """
    headers = request.headers
    with transaction():
        found = mailings.take_report(request.get_data(), headers.get("X-Timestamp", ""), headers.get("X-Signature", ""))
    return jsonify(noted=found.noted, unchanged=found.unchanged, unknown=found.unknown)
