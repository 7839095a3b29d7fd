"""What a result says of a vote in a meeting: presence, quorum and majority with the calculation, figures and words."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask_babel import gettext as _
from flask_babel import ngettext

from models import Election, MajorityKind
from services import presence
from services.ballots import Counts
from services.presence import OF_MEMBERS, Needed, Rule
from services.verdict import Outcome, Verdict, votes_in_order, votes_needed


@dataclass(frozen=True)
class MeetingVote:
    """Presence as counts only; `present_at_closing` and `held` are None while the vote is open.

    `votes` (of yes, or of the first name), `against` (of no; None for names), `abstained`, `base` and `votes_needed`
    are None while the count may not be seen. `base` is what the majority is a share of, `reached` whether it is there.
    """

    meeting: str
    members: int
    needed: int
    present_at_opening: int
    present_at_closing: int | None
    held: bool | None
    motion: bool
    majority: str
    abstentions: bool
    votes: int | None = None
    against: int | None = None
    abstained: int | None = None
    base: int | None = None
    votes_needed: int | None = None
    reached: bool | None = None
    outcome: str = ""
    sentences: list[str] = field(default_factory=list)


def meeting_vote(election: Election, counts: Counts | None, verdict: Verdict, final: bool) -> MeetingVote | None:
    """Return what is to say of an election in a meeting, None for every other; `counts` only where they may be seen."""
    rule = presence.rule_of(election)
    if rule is None or election.present_at_opening is None:
        return None
    closing = election.present_at_closing
    held = None if closing is None else closing >= rule.needed
    if not final or counts is None or closing is None:
        said = [_opened(rule, election.present_at_opening), *([_closed(rule, closing)] if closing is not None else [])]
        return _facts(election, rule, held, sentences=said)
    votes = votes_in_order(election, counts)
    needed, most = votes_needed(rule, votes, counts), votes[0] if rule.motion else max(votes)
    reached = most >= needed.votes
    against = votes[1] if rule.motion else None
    figures = _motion_figures(most, against, counts.nota) if against is not None else _names_figures(most, counts)
    calculation = _calculation(rule, needed, reached) if held else ""
    said = [_opened(rule, election.present_at_opening), _closed(rule, closing), figures + calculation]
    return _facts(
        election, rule, held, votes=most, against=against, abstained=counts.nota, base=needed.base,
        votes_needed=needed.votes, reached=reached, outcome=verdict.outcome.value, sentences=said,
    )  # fmt: skip


def headline(outcome: str) -> str:
    """Return the one line of an outcome that only a meeting has, empty for every other."""
    return {
        Outcome.CARRIED.value: _("Carried"),
        Outcome.NOT_CARRIED.value: _("Not carried"),
        Outcome.NO_MAJORITY.value: _("No majority. Nobody is elected"),
        Outcome.NO_QUORUM.value: _("No quorum. Nothing is decided"),
    }.get(outcome, "")


def _facts(election: Election, rule: Rule, held: bool | None, **more: object) -> MeetingVote:
    return MeetingVote(
        meeting=rule.meeting, members=rule.members, needed=rule.needed,
        present_at_opening=election.present_at_opening or 0, present_at_closing=election.present_at_closing, held=held,
        motion=rule.motion, majority=rule.majority.value, abstentions=rule.abstentions, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _opened(rule: Rule, present: int) -> str:
    figures = {"present": f"{present:,}", "members": f"{rule.members:,}"}
    return _("%(present)s of %(members)s members were present when the vote opened.", **figures)


def _closed(rule: Rule, present: int) -> str:
    figures = {"present": f"{present:,}", "members": f"{rule.members:,}", "needed": f"{rule.needed:,}"}
    if present >= rule.needed:
        return _("%(present)s of %(members)s members were present when the vote closed, quorum %(needed)s: held.",
                 **figures)  # fmt: skip
    return _(
        "%(present)s of %(members)s members were present when the vote closed, quorum %(needed)s: not held."
        " Nothing is decided.",
        **figures,
    )


def _motion_figures(yes: int, no: int, abstained: int) -> str:
    rest = ngettext("%(num)d abstention", "%(num)d abstentions", abstained)
    return _("%(yes)s yes, %(no)s no, %(rest)s", yes=f"{yes:,}", no=f"{no:,}", rest=rest)


def _names_figures(most: int, counts: Counts) -> str:
    return _("%(votes)s of %(total)s votes for the first", votes=f"{most:,}", total=f"{counts.total:,}")


def _calculation(rule: Rule, needed: Needed, reached: bool) -> str:
    """Return `; two thirds of 29 cast without abstentions are 20 (rounded up): carried.`"""
    carried, lost = (_("carried"), _("not carried")) if rule.motion else (_("reached"), _("not reached"))
    end = f": {carried if reached else lost}."
    if rule.majority is MajorityKind.SIMPLE:
        if not rule.motion:
            return "."
        return f"; {_('more yes than no') if reached else _('not more yes than no')}{end}"
    base = f"{needed.base:,}"
    if rule.majority in OF_MEMBERS:
        among = _("%(base)s members", base=base)
    else:
        inside = _("%(base)s cast with abstentions", base=base)
        among = inside if rule.abstentions else _("%(base)s cast without abstentions", base=base)
    votes = f"{needed.votes:,}"
    if rule.majority in (MajorityKind.ABSOLUTE, MajorityKind.ABSOLUTE_MEMBERS):
        return f"; {_('more than half of %(among)s is %(votes)s', among=among, votes=votes)}{end}"
    said = _("two thirds of %(among)s are %(votes)s", among=among, votes=votes)
    rounded = " " + _("(rounded up)") if 2 * needed.base % 3 else ""
    return f"; {said}{rounded}{end}"
