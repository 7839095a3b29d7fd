"""Extending an open election: the form with the new closing time, and asking for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.acts import approval_json
from blueprints.admin import bp, dangerous
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import Election, ElectionStatus
from services import approvals, ballots, desk
from services.approvals import ActOutcome
from services.clock import local_text, utc_now
from services.context import platform
from services.errors import Conflict, ValidationFailed
from services.security import Permission


@bp.get("/elections/<int:election_id>/extend")
@requires(Permission.MANAGE_ELECTIONS)
def extend_page(election_id: int) -> ResponseReturnValue:
    """Show the form, and the extensions there were."""
    return _form(desk.visible_election(election_id, current_actor()), {}, {})


@bp.post("/elections/<int:election_id>/extend")
@requires(Permission.MANAGE_ELECTIONS)
def extend_election(election_id: int) -> ResponseReturnValue:
    """Ask for a later closing time; a time without a zone is local."""
    found, values = desk.visible_election(election_id, current_actor()), body()

    def done(outcome: ActOutcome) -> ResponseReturnValue:
        if wants_json():
            return jsonify(approval=approval_json(outcome.approval), closes_at=found.closes_at.isoformat())
        flash(_("The election is extended. The new closing time is signed."), "ok")
        return redirect(url_for("admin.election", election_id=election_id), 303)

    try:
        closes_at = _closing_time(values, found)
        return dangerous.submit(approvals.EXTEND, found, {"closes_at": closes_at.isoformat()}, values, done)
    except ValidationFailed as error:
        if wants_json():
            raise
        return _form(desk.visible_election(election_id, current_actor()), values, error.fields), 422


def _closing_time(values: dict[str, Any], election: Election) -> datetime:
    """Return the typed time in UTC; raises ValidationFailed with all that is missing in the form.

    A local time that a clock change leaves out is no time.
    """
    zone = ZoneInfo(platform().settings.timezone)
    try:
        typed = datetime.fromisoformat(text_field(values, "closes_at"))
        moment = (typed if typed.tzinfo else typed.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        words = _(
            "Enter a day and a time, later than %(time)s.",
            time=local_text(max(election.closes_at, utc_now()), platform().settings.timezone),
        )
        raise ValidationFailed(fields={"closes_at": words} | dangerous.missing(values)) from None
    if typed.tzinfo is None and moment.astimezone(zone).replace(tzinfo=None) != typed:
        raise ValidationFailed(fields={"closes_at": _("The clocks skip this time on that day. Choose another one.")})
    return moment


def _form(election: Election, values: dict[str, Any], errors: dict[str, str]) -> str:
    if election.status is not ElectionStatus.ACTIVE:
        raise Conflict(_("Only an open election can be extended."))
    local = election.closes_at.astimezone(ZoneInfo(platform().settings.timezone))
    return render_template(
        "admin/extend.html",
        election=election,
        current_election=election,
        extensions=ballots.extensions_of(election),
        values={"closes_at": f"{local:%Y-%m-%dT%H:%M}"} | values,
        errors=errors,
        summary=[(f"f-{name}", sentence) for name, sentence in errors.items()],
        zone=platform().settings.timezone,
        over=election.closes_at <= utc_now(),
        **dangerous.frame(election),
    )
