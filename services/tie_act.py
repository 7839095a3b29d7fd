"""Resolving a tie as a dangerous act: one member of staff says how the lots fell, a second one confirms it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from models import Election
from services import ballots, ties
from services.actor import Actor
from services.approvals import Change, DangerousAct, Description, register
from services.context import platform
from services.errors import DomainError
from services.result_words import both_times
from services.rounds import listed
from services.ties import Drawing

RESOLVE_TIE = "resolve_tie"
Payload = dict[str, Any]


def payload_of(drawing: Drawing, recorded_by: str) -> Payload:
    """Return a drawing as the JSON that waits for its confirmation, with the name of who asks."""
    drawn_at = drawing.drawn_at.isoformat() if drawing.drawn_at else None
    return {
        "lots": list(drawing.lots), "drawn_at": drawn_at, "drawn_by": drawing.drawn_by, "how": drawing.how,
        "witnesses": drawing.witnesses, "recorded_by": recorded_by,
    }  # fmt: skip


def _drawing(payload: Payload) -> Drawing:
    drawn_at = datetime.fromisoformat(payload["drawn_at"]) if payload["drawn_at"] else None
    return Drawing(tuple(payload["lots"]), drawn_at, payload["drawn_by"], payload["how"], payload["witnesses"])


def _check(election: Election, payload: Payload) -> None:
    ties.check_drawing(election, _drawing(payload))


def _describe(election: Election, payload: Payload) -> Description:
    """Say who would be elected, and by what lots; the confirming person was there and compares."""
    try:
        made = ties.check_drawing(election, _drawing(payload))
    except DomainError as error:
        # The election went on since it was asked for; the list of what waits still shows this.
        return Description(_("Resolve the tie by lot"), (error.message,))
    names = {int(choice["id"]): str(choice["name"]) for choice in ballots.choices_of(election)}
    elected = listed([names[number] for number in made.elected])
    who = _("Elected by the count and the lots: %(names)s.", names=elected) if elected else _("No one is elected.")
    when = both_times(made.drawn_at, platform().settings.timezone)
    words = (
        who,
        _("How: %(how)s", how=made.how),
        _("By %(who)s, %(when)s. Witnesses: %(witnesses)s.", who=made.drawn_by, when=when,
          witnesses=made.witnesses or _("none named")),
        _("The counts stay as they are. The result says how the tie was resolved. It cannot be taken back."),
    )  # fmt: skip
    return Description(_("Resolve the tie by lot"), words)


def _perform(election: Election, payload: Payload, reason: str, actor: Actor) -> Change:
    made = ties.resolve_tie(election, _drawing(payload), actor, reason, str(payload["recorded_by"]))
    return Change({"tie": "open"}, {"tie": "resolved", "method": made.method.value})


register(DangerousAct(RESOLVE_TIE, check=_check, describe=_describe, perform=_perform))
