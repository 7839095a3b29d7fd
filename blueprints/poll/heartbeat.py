"""The sign of life of a booth's page."""

from __future__ import annotations

from flask import jsonify
from werkzeug.wrappers import Response

from blueprints import limits
from blueprints.limits import limiter
from blueprints.policy import requires
from blueprints.poll import bp, pages
from models import transaction
from services import kiosks
from services.security import Permission


@bp.post("/heartbeat")
@requires(Permission.POLL)
@limiter.limit(limits.BOOTH_OTHER, key_func=limits.kiosk_key)
def heartbeat() -> Response:
    """Note that the booth's page is there; 401 tells the page of a stopped kiosk to leave."""
    with transaction():
        use = kiosks.sign_of_life(pages.present_kiosk())
    return jsonify(state=use.value, again_in=kiosks.BEAT_SECONDS)
