"""Members who ask for another phone: what waits, what was decided, and the decision."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.attendance import bp, forms
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import DeviceResetRequest, ResetDecision, transaction
from services import voters
from services.attendance import device_changes, device_names, devices
from services.errors import Conflict, DomainError, ValidationFailed
from services.security import Permission

STATES = (device_changes.WAITING, device_changes.DECIDED)
DECISIONS = ("approve", "refuse")


@bp.get("/devices")
@requires(Permission.DECIDE_DEVICES)
def device_requests() -> ResponseReturnValue:
    """List the requests for another device (state: waiting or decided; q, page)."""
    return _page()


@bp.post("/devices/<int:request_id>")
@requires(Permission.DECIDE_DEVICES)
def decide_device(request_id: int) -> ResponseReturnValue:
    """Approve or refuse (`decision`: approve or refuse; `note`, which the member reads)."""
    values = body()
    try:
        decision, note = text_field(values, "decision", 20), text_field(values, "note", devices.MAX_REASON)
        if decision not in DECISIONS:
            raise ValidationFailed(fields={"decision": _("Choose one of the two.")})
        with transaction():
            asked = devices.decide(request_id, decision == "approve", note, current_actor())
            shown, name = _request_json(asked), asked.device.voter.name
    except (ValidationFailed, Conflict) as error:
        if wants_json():
            raise
        return _page(error, request_id, values)
    if wants_json():
        return jsonify(request=shown)
    approved = asked.decision is ResetDecision.APPROVED
    said = _("%(name)s uses the new phone from now on.", name=name)
    flash(said if approved else _("%(name)s keeps the phone of before.", name=name), "ok")
    return redirect(url_for("attendance.device_requests"), 303)


def _page(
    error: DomainError | None = None, at: int | None = None, typed: dict[str, Any] | None = None
) -> ResponseReturnValue:
    state = request.args.get("state", "")
    state = state if state in STATES else device_changes.WAITING
    q = forms.search_words()
    found = device_changes.search(state, q, forms.page_number())
    if wants_json():
        rows = [
            {
                **_request_json(line.request),
                "bound": _spoken(line.bound),
                "others": [one.voter_id for one in line.others],
            }
            for line in found.lines
        ]
        return jsonify(requests=rows, page=found.page, pages=found.pages, per_page=device_changes.PAGE_SIZE,
                       total=found.total, waiting=device_changes.count_waiting())  # fmt: skip
    fields = error.fields if isinstance(error, ValidationFailed) else {}
    html = render_template(
        "attendance/devices.html", found=found, state=state, q=q, waiting=device_changes.count_waiting(),
        per_page=device_changes.PAGE_SIZE, spoken=device_names.spoken, shown=voters.format_voter_number,
        longest=devices.MAX_REASON, at=at, errors=fields, typed=typed or {},
        clash=error.message if error and not fields else "",
        summary=[(f"f-note-{at}", words) for words in fields.values()], here=_address,
    )  # fmt: skip
    return html, error.status if error else 200


def _request_json(asked: DeviceResetRequest) -> dict[str, Any]:
    member = asked.device.voter
    return {
        "id": asked.id, "voter_id": member.voter_id, "name": member.name, "asked_at": asked.created_at.isoformat(),
        "reason": asked.reason, "device": _spoken(asked.device),
        "decision": asked.decision.value if asked.decision else None, "note": asked.note,
        "decided_at": asked.decided_at.isoformat() if asked.decided_at else None,
    }  # fmt: skip


def _spoken(device: Any) -> str | None:
    return device_names.spoken(device.label) if device else None


def _address(**changes: Any) -> str:
    asked = {**request.args.to_dict(), **changes}
    kept: dict[str, Any] = {name: asked[name] for name in ("state", "q", "page") if asked.get(name)}
    return url_for("attendance.device_requests", **kept)
