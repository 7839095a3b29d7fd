"""Where a booth may stand: every request of a booth, the cast too, comes from a network that its election allows."""

from __future__ import annotations

from flask import g, request

from blueprints.poll import bp, pages
from services import elections


@bp.before_request
def check_place() -> None:
    """Refuse a booth outside; who is no booth is told so by the route's own policy."""
    if g.principal is not None and g.principal.role == "kiosk":
        elections.check_place(pages.present_kiosk().election, request.remote_addr)
