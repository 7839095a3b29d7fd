"""Resolving the tie of a final count by lot: never the counts, only who is elected, and how that was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from models import Election, ElectionStatus, LotMethod, TieResolution, db
from services import audit_logger, ballots
from services.actor import Actor
from services.clock import utc_now
from services.errors import Conflict, ValidationFailed
from services.savepoints import TRIGGER_REFUSAL, savepoint
from services.verdict import NOTA_LOT, LotsMissing, Verdict, elected_by_lot, lots_needed, verdict_of

MAX_WORDS = 500
"""Characters of each entry."""
STAFF = ("admin", "officer")
RESOLVED = "staff:result:tie_resolved"


@dataclass(frozen=True)
class Drawing:
    """What the committee says about the drawing. `lots` are ids in the order drawn, NOTA_LOT for NOTA.

    With a published lot order only `witnesses` is asked for; the order and its words are those of the definition.
    """

    lots: tuple[int, ...] = ()
    drawn_at: datetime | None = None
    drawn_by: str = ""
    how: str = ""
    witnesses: str = ""


@dataclass(frozen=True)
class OpenTie:
    """A tie that waits: `lots` (id, name) need an order; `published` is the order of the definition, if any.

    `seats` are those that the lots decide.
    """

    lots: tuple[tuple[int, str], ...]
    published: tuple[int, ...] | None
    seats: int


def open_tie(election: Election) -> OpenTie | None:
    """Return the tie of a closed and counted election that nobody has resolved; None when there is none."""
    if election.status is not ElectionStatus.CLOSED:
        return None
    if db.session.get(TieResolution, election.id) is not None:
        return None
    counts = ballots.counts(election)
    verdict = _verdict(election, counts)
    if counts.box or not verdict.is_tie:
        return None
    names = {int(choice["id"]): str(choice["name"]) for choice in ballots.choices_of(election)}
    names[NOTA_LOT] = _("None of the above")
    needed = lots_needed(counts.per_candidate, verdict, election.seats)
    published = tuple(election.lot_order) if election.lot_order else None
    in_order = [*names]
    ordered = sorted(needed, key=in_order.index)
    return OpenTie(tuple((lot, names[lot]) for lot in ordered), published, election.seats - len(verdict.first))


def check_drawing(election: Election, drawing: Drawing) -> TieResolution:
    """Return the resolution that a drawing would be, stored nowhere.

    Raises Conflict when there is no open tie, ValidationFailed when an entry is missing or the lots do not decide.
    A lot order published before opening decides alone: other lots are not looked at.
    """
    tie = open_tie(election)
    if tie is None:
        raise Conflict(_("There is no tie to resolve."))
    return _by_order(election, tie, drawing) if tie.published else _by_drawing(election, tie, drawing)


def resolve_tie(
    election: Election, drawing: Drawing, actor: Actor, reason: str = "", recorded_by: str = ""
) -> TieResolution:
    """State who is elected by lot, for good; `actor` confirms what `recorded_by` asked for, with its `reason`.

    Raises as `check_drawing`.
    """
    db.session.refresh(election, with_for_update={"key_share": True})
    made = check_drawing(election, drawing)
    made.staff_user_id = actor.id if actor.role in STAFF else None
    made.recorded_by, made.reason = recorded_by or str(actor), _words(reason)
    refused = Conflict(_("There is no tie to resolve."))
    with savepoint({"pk_tie_resolutions": refused, TRIGGER_REFUSAL: refused}):
        db.session.add(made)
    audit_logger.record(RESOLVED, actor, election_id=election.id, method=made.method.value, after=_said(election, made))
    return made


def _by_order(election: Election, tie: OpenTie, drawing: Drawing) -> TieResolution:
    order = tie.published or ()
    return TieResolution(
        election_id=election.id,
        method=LotMethod.PUBLISHED,
        lots=list(order),
        elected=_elected(election, order),
        drawn_at=election.activated_at,
        drawn_by=_("The commission, before opening"),
        how=_("By the lot order that was published before opening, as part of the signed definition."),
        witnesses=_words(drawing.witnesses),
    )


def _by_drawing(election: Election, tie: OpenTie, drawing: Drawing) -> TieResolution:
    errors: dict[str, str] = {}
    known = [lot for lot, _name in tie.lots]
    elected: list[int] = []
    if len(set(drawing.lots)) != len(drawing.lots) or not set(drawing.lots) <= set(known):
        errors["lots"] = _("Name each lot once, in the order drawn.")
    else:
        try:
            elected = _elected(election, drawing.lots)
        except LotsMissing:
            errors["lots"] = _("These lots do not decide. Draw on, and name the next lot.")
    if errors := errors | _missing(election, drawing):
        raise ValidationFailed(fields=errors)
    return TieResolution(
        election_id=election.id,
        method=LotMethod.DRAWN,
        lots=list(drawing.lots),
        elected=elected,
        drawn_at=drawing.drawn_at,
        drawn_by=_words(drawing.drawn_by),
        how=_words(drawing.how),
        witnesses=_words(drawing.witnesses),
    )


def _missing(election: Election, drawing: Drawing) -> dict[str, str]:
    """Return a sentence for each entry that is missing, in the order of the form."""
    errors = {}
    if not _words(drawing.drawn_by):
        errors["drawn_by"] = _("Say who drew the lots.")
    closed = election.closed_at and election.closed_at.replace(second=0, microsecond=0)  # forms know minutes only
    if drawing.drawn_at is None or drawing.drawn_at > utc_now() or (closed and drawing.drawn_at < closed):
        errors["drawn_at"] = _("Enter when the lots were drawn: after the close, not in the future.")
    if not _words(drawing.how):
        errors["how"] = _("Say how the lots were drawn.")
    if not _words(drawing.witnesses):
        errors["witnesses"] = _("Name the witnesses.")
    return errors


def _elected(election: Election, lots: Sequence[int]) -> list[int]:
    counts = ballots.counts(election)
    verdict = _verdict(election, counts)
    return list(elected_by_lot(counts.per_candidate, verdict, election.seats, lots))


def _verdict(election: Election, counts: ballots.Counts) -> Verdict:
    return verdict_of(election, counts)


def _words(text: str) -> str:
    return " ".join(text.split())[:MAX_WORDS]


def _said(election: Election, made: TieResolution) -> list[str]:
    names = {int(choice["id"]): str(choice["name"]) for choice in ballots.choices_of(election)}
    return [names[number] for number in made.elected]
