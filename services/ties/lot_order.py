"""Rules of a draft that decide where a count does not: what NOTA means, and the order of the lots for a tie."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select

from models import Candidate, Election, ElectionStatus, NotaRule, db
from services import audit_logger, ballots
from services.actor import Actor
from services.errors import Conflict, ValidationFailed
from services.verdict import NOTA_LOT

RULE_CHANGED, ORDER_CHANGED = "staff:election:nota_rule", "staff:election:lot_order"


def set_nota_rule(election: Election, rule: NotaRule, actor: Actor) -> None:
    """Write down what NOTA with the most votes means; raises Conflict once the election was opened."""
    _draft(election)
    if election.nota_rule is rule:
        return
    before = election.nota_rule.value if election.nota_rule else None
    election.nota_rule = rule
    audit_logger.record(RULE_CHANGED, actor, election_id=election.id, before=before, after=rule.value)


def draw_lot_order(election: Election, actor: Actor) -> list[int]:
    """Let the computer's CSPRNG shuffle all choices into a lot order, NOTA among them; raises as `set_lot_order`."""
    order = _lots(election)
    secrets.SystemRandom().shuffle(order)
    return set_lot_order(election, order, actor, kind="drawn")


def set_lot_order(election: Election, order: Sequence[int], actor: Actor, kind: str = "typed") -> list[int]:
    """Store the order of the lots: ids of candidates, NOTA_LOT for NOTA, each once.

    Raises Conflict once the election was opened, ValidationFailed when a choice is missing or named twice.
    """
    _draft(election)
    wanted = list(order)
    if not wanted or sorted(wanted) != sorted(_lots(election)):
        raise ValidationFailed(fields={"lots": _("Give every choice a number of its own, NOTA too.")})
    election.lot_order = wanted
    audit_logger.record(ORDER_CHANGED, actor, election_id=election.id, kind=kind, after=lot_names(election))
    return wanted


def forget_lot_order(election: Election, actor: Actor) -> None:
    """Take the lot order back: a tie is then resolved by lots drawn after closing. Raises Conflict once opened."""
    _draft(election)
    if election.lot_order is not None:
        election.lot_order = None
        audit_logger.record(ORDER_CHANGED, actor, election_id=election.id, kind="removed")


def lot_order_problem(election: Election) -> str | None:
    """Return why the lot order does not fit the ballot any more, None when it does or when there is none."""
    if election.lot_order is None or sorted(election.lot_order) == sorted(_lots(election)):
        return None
    return _("The candidates changed after the lots were ordered. Order the lots again.")


def lot_names(election: Election) -> list[str]:
    """Return the names in the order of the lots; empty without one. Who left the ballot since is left out."""
    names = {int(choice["id"]): str(choice["name"]) for choice in ballots.choices_of(election)}
    names[NOTA_LOT] = _("None of the above")
    return [names[lot] for lot in election.lot_order or [] if lot in names]


def carry_over(election: Election, fresh: Election) -> None:
    """Give a copy of the election the same rule and the same lot order; candidates are found by name."""
    fresh.nota_rule = election.nota_rule
    if election.lot_order is None:
        return
    new = {candidate.name: candidate.id for candidate in _candidates(fresh)}
    old = {candidate.id: candidate.name for candidate in _candidates(election)}
    order = [lot if lot == NOTA_LOT else new.get(old.get(lot, "")) for lot in election.lot_order]
    fresh.lot_order = [lot for lot in order if lot is not None]


def _lots(election: Election) -> list[int]:
    return [*(candidate.id for candidate in _candidates(election)), NOTA_LOT]


def _candidates(election: Election) -> list[Candidate]:
    return list(
        db.session.scalars(
            select(Candidate)
            .where(Candidate.election_id == election.id)
            .order_by(Candidate.display_order, Candidate.id)
        )
    )


def _draft(election: Election) -> None:
    """Lock the draft, so that nobody opens it meanwhile."""
    db.session.refresh(election, with_for_update={"key_share": True})
    if election.status is not ElectionStatus.DRAFT:
        raise Conflict(_("The election was opened. Its rules are fixed from then on."))
