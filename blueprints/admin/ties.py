"""Resolving a tie by lot: the form of the drawing, and asking for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, g, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.acts import approval_json
from blueprints.admin import bp, dangerous
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import Election
from services import desk, ties
from services.approvals import ActOutcome
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, ValidationFailed
from services.results import result_of
from services.security import Permission
from services.tie_act import RESOLVE_TIE, payload_of
from services.ties import Drawing, OpenTie
from services.ties.resolving import MAX_WORDS

LOT = "lot_"


@bp.get("/elections/<int:election_id>/tie")
@requires(Permission.MANAGE_ELECTIONS)
def tie_page(election_id: int) -> ResponseReturnValue:
    """Show who is level and ask how the lots fell; 409 when there is no tie to resolve."""
    found = desk.visible_election(election_id, current_actor())
    return _form(found, _tie(found), {}, {})


@bp.post("/elections/<int:election_id>/tie")
@requires(Permission.MANAGE_ELECTIONS)
def resolve_tie(election_id: int) -> ResponseReturnValue:
    """Ask for a resolution: `lots` (ids in the order drawn, 0 for NOTA), drawn_at, drawn_by, how, witnesses."""
    found, values = desk.visible_election(election_id, current_actor()), body()
    tie = _tie(found)

    def done(outcome: ActOutcome) -> ResponseReturnValue:
        if wants_json():
            return jsonify(approval=approval_json(outcome.approval))
        flash(_("The tie is resolved. The result says how."), "ok")
        return redirect(url_for("admin.results"), 303)

    try:
        payload = payload_of(_drawing(values, tie), g.principal.name)
        return dangerous.submit(RESOLVE_TIE, found, payload, values, done)
    except ValidationFailed as error:
        if wants_json():
            raise
        found = desk.visible_election(election_id, current_actor())
        return _form(found, tie, values, error.fields or {"lots": error.message}), 422


def _tie(found: Election) -> OpenTie:
    tie = ties.open_tie(found)
    if tie is None:
        raise Conflict(_("There is no tie to resolve."))
    return tie


def _drawing(values: dict[str, Any], tie: OpenTie) -> Drawing:
    """Return what was typed; a time without a zone is local, one that cannot be read is none."""
    zone = ZoneInfo(platform().settings.timezone)
    try:
        typed = datetime.fromisoformat(text_field(values, "drawn_at"))
        drawn_at = (typed if typed.tzinfo else typed.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        drawn_at = None
    return Drawing(
        lots=_lots(values, tie),
        drawn_at=drawn_at,
        drawn_by=text_field(values, "drawn_by", MAX_WORDS),
        how=text_field(values, "how", MAX_WORDS),
        witnesses=text_field(values, "witnesses", MAX_WORDS),
    )


def _lots(values: dict[str, Any], tie: OpenTie) -> tuple[int, ...]:
    sent = values.get("lots")
    if not isinstance(sent, list):
        sent = [values[f"{LOT}{place}"] for place in range(1, len(tie.lots) + 1) if values.get(f"{LOT}{place}")]
    texts = [str(lot) for lot in sent]
    if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in texts):
        raise ValidationFailed(fields={"lots": _("Name each lot once, in the order drawn.")})
    return tuple(map(int, texts))


def _form(found: Election, tie: OpenTie, values: dict[str, Any], errors: dict[str, str]) -> str:
    zone = platform().settings.timezone
    now = utc_now().astimezone(ZoneInfo(zone))
    return render_template(
        "admin/tie.html", election=found, current_election=found, tie=tie, zone=zone, errors=errors,
        values={"drawn_at": f"{now:%Y-%m-%dT%H:%M}", **values}, result=result_of(found, utc_now()),
        lot_names=ties.lot_names(found), summary=[(f"f-{name}", words) for name, words in errors.items()],
        **dangerous.frame(found),
    )  # fmt: skip
