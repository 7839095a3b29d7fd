"""The live desk: the state of one election at a glance."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from blueprints.admin import bp
from blueprints.admin.frame import election_at_the_desk
from blueprints.admin.live_desk import note_view, sheets
from blueprints.policy import requires
from services import heads, voter_accounts
from services.charts import bar_svg, climb_svg
from services.clock import utc_now
from services.context import platform
from services.email_service import mailbox
from services.security import Permission, has_permission

DESK_BLUEPRINTS = ("admin", "ops", "account", "attendance")


@bp.app_template_filter("zone_name")
def zone_name(moment: datetime) -> str:
    """Return the short name of the local time zone at a moment, e.g. `CET`; locales know few of them."""
    return moment.astimezone(ZoneInfo(platform().settings.timezone)).tzname() or ""


@bp.app_template_global("bar_svg")
def bar_of_a_chart(count: int, share: float, most: int, nota: bool = False) -> Markup:
    """Return one bar of a count for the macros of `components/tables.html`."""
    return bar_svg(count, share, most, nota)


@bp.app_template_global("climb_svg")
def climb_of_a_chart(values: list[int], most: int, mark: int = 0) -> Markup:
    """Return a candidate's votes round after round for the macros of `results/parts.html`."""
    return climb_svg(values, most, mark)


@bp.app_context_processor
def desk_frame() -> dict[str, Any]:
    """Give the frame of every desk page who is signed in and which election the desk shows."""
    principal = g.get("principal")
    if principal is None or principal.role in ("kiosk", "voter") or request.blueprint not in DESK_BLUEPRINTS:
        return {}
    roles = {"admin": _("Administrator"), "officer": _("Officer"), "observer": _("Observer")}
    staff = {"name": principal.name, "role": roles.get(principal.role, principal.role)}
    sees_voters = has_permission(principal.role, Permission.MANAGE_VOTERS)
    return {
        "staff": staff,
        "registrations_waiting": voter_accounts.waiting_count() if sees_voters else 0,
        "current_election": election_at_the_desk(),
        "views_audit": has_permission(principal.role, Permission.VIEW_AUDIT),
        "manages_staff": has_permission(principal.role, Permission.MANAGE_STAFF),
        "mailbox_open": mailbox.is_open() and has_permission(principal.role, Permission.READ_MAILBOX),
    }


@bp.get("/")
@requires(Permission.VIEW_DESK)
def dashboard() -> ResponseReturnValue:
    """Show turnout, count, alerts and kiosks of the chosen election, or what to do first."""
    election = election_at_the_desk()
    manages = has_permission(g.principal.role, Permission.MANAGE_ELECTIONS)
    if election is None:
        return render_template("admin/dashboard_empty.html", manages=manages)
    now = utc_now()
    note_view(election)
    return render_template(
        "admin/dashboard.html",
        current_election=election,
        manages=manages,
        sees_results=has_permission(g.principal.role, Permission.VIEW_RESULTS),
        stamps_wait=heads.waiting_words(),
        **sheets(election, now),
    )
