"""What decides where a count does not: the rule for NOTA and the order of the lots, while the election is a draft."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import bp
from blueprints.http import body, current_actor, wants_json
from blueprints.policy import requires
from models import Election, ElectionStatus, Method, NotaRule, transaction
from services import desk, ties
from services.ballots import choices_of
from services.errors import ValidationFailed
from services.result_rules import rules_of
from services.security import Permission
from services.verdict import NOTA_LOT

PLACE = "place_"


@bp.get("/elections/<int:election_id>/rules")
@requires(Permission.VIEW_DESK)
def ballot_rules(election_id: int) -> ResponseReturnValue:
    """Show how the winner is found; a draft's rules can be changed here."""
    found = desk.visible_election(election_id, current_actor())
    return jsonify(_rules_json(found)) if wants_json() else _page(found)


@bp.post("/elections/<int:election_id>/rules")
@requires(Permission.MANAGE_ELECTIONS)
def change_ballot_rules(election_id: int) -> ResponseReturnValue:
    """Change the rule for NOTA (`act` nota), or draw, type in or take back the lot order (draw, order, forget)."""
    found = desk.visible_election(election_id, current_actor())
    values = body()
    try:
        with transaction():
            said = _change(found, values)
    except ValidationFailed as error:
        if wants_json():
            raise
        return _page(desk.visible_election(election_id, current_actor()), error.fields, values), 422
    if wants_json():
        return jsonify(_rules_json(found))
    flash(said, "ok")
    return redirect(url_for("admin.ballot_rules", election_id=election_id), 303)


def _change(found: Election, values: dict[str, Any]) -> str:
    act = values.get("act")
    if act == "nota":
        ties.set_nota_rule(found, _rule(values.get("nota_rule")), current_actor())
        return _("The rule is saved.")
    if act == "draw":
        ties.draw_lot_order(found, current_actor())
        return _("The lots are drawn. The order is published when the election opens.")
    if act == "order":
        ties.set_lot_order(found, _typed_order(found, values), current_actor())
        return _("The lot order is saved. It is published when the election opens.")
    if act == "forget":
        ties.forget_lot_order(found, current_actor())
        return _("The lot order is taken back. A tie is resolved by lots drawn after closing.")
    raise ValidationFailed(fields={"act": _("Say what to change: nota, draw, order or forget.")})


def _rule(raw: object) -> NotaRule:
    try:
        return NotaRule(str(raw))
    except ValueError:
        raise ValidationFailed(fields={"nota_rule": _("Choose one of the answers.")}) from None


def _typed_order(found: Election, values: dict[str, Any]) -> list[int]:
    """Return the lots by the numbers typed beside them, or the list of a JSON body; [] where that makes no sense."""
    lots = values.get("lots")
    if isinstance(lots, list):
        return lots if all(type(lot) is int for lot in lots) else []
    places = {lot: str(values.get(f"{PLACE}{lot}", "")).strip() for lot, _name in _choices(found)}
    if not all(place.isascii() and place.isdigit() and len(place) < 6 for place in places.values()):
        return []
    if len(set(map(int, places.values()))) != len(places):
        return []
    return sorted(places, key=lambda lot: int(places[lot]))


def _choices(found: Election) -> list[tuple[int, str]]:
    named = [(int(choice["id"]), str(choice["name"])) for choice in choices_of(found)]
    return [*named, (NOTA_LOT, _("None of the above"))]


def _page(found: Election, errors: dict[str, str] | None = None, values: dict[str, Any] | None = None) -> str:
    order = found.lot_order or []
    places = {lot: order.index(lot) + 1 if lot in order else "" for lot, _name in _choices(found)}
    ranked = found.method is Method.RANKED
    typed = {lot: (values or {}).get(f"{PLACE}{lot}", place) for lot, place in places.items()}
    return render_template(
        "admin/elections/rules.html", election=found, current_election=found, choices=_choices(found), typed=typed,
        draft=found.status is ElectionStatus.DRAFT, lot_order=ties.lot_names(found), rules=rules_of(found),
        problem=ties.lot_order_problem(found),
        ranked=ranked, nota_rules=[(rule.value, ties.nota_rule_words(rule, ranked=ranked)) for rule in NotaRule],
        errors=errors or {}, summary=[(f"f-{name}", words) for name, words in (errors or {}).items()],
    )  # fmt: skip


def _rules_json(found: Election) -> dict[str, Any]:
    return {
        "election_id": found.id,
        "seats": found.seats,
        "nota_rule": found.nota_rule.value if found.nota_rule else None,
        "lot_order": ties.lot_names(found),
        "words": rules_of(found),
    }
