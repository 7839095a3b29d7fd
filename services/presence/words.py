"""The rule of a vote in a meeting in sentences, and how it came out: pages, prints and JSON say the same."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from models import MajorityKind, QuorumKind
from services.presence.counting import Standing
from services.presence.majority import OF_MEMBERS
from services.presence.rule import Rule

QUORUMS = {
    QuorumKind.MORE_THAN_HALF: N_("More than half of the members"),
    QuorumKind.TENTH: N_("A tenth of the members"),
    QuorumKind.QUARTER: N_("A quarter of the members"),
    QuorumKind.THIRD: N_("A third of the members"),
    QuorumKind.HALF: N_("Half of the members"),
    QuorumKind.TWO_THIRDS: N_("Two thirds of the members"),
    QuorumKind.THREE_QUARTERS: N_("Three quarters of the members"),
    QuorumKind.NUMBER: N_("A number of members"),
}
MAJORITIES = {
    MajorityKind.SIMPLE: N_("Simple: more yes than no"),
    MajorityKind.ABSOLUTE: N_("Absolute: more than half of the votes cast"),
    MajorityKind.ABSOLUTE_MEMBERS: N_("Absolute: more than half of all members"),
    MajorityKind.TWO_THIRDS: N_("Two thirds of the votes cast"),
    MajorityKind.TWO_THIRDS_MEMBERS: N_("Two thirds of all members"),
}
NAMES_MAJORITIES = {**MAJORITIES, MajorityKind.SIMPLE: N_("Simple: the most votes")}
"""What a majority is called where names are elected and not a motion carried."""


def quorum_words(rule: Rule) -> str:
    """Return who must be present, with the figures once it is open."""
    said = _("%(n)s members", n=rule.number) if rule.quorum is QuorumKind.NUMBER else str(QUORUMS[rule.quorum])
    if not rule.needed:
        return _("Quorum: %(rule)s must be present.", rule=_lower(said))
    return _(
        "Quorum: %(rule)s must be present, %(needed)s of %(members)s.",
        rule=_lower(said), needed=rule.needed, members=rule.members,
    )  # fmt: skip


def majority_words(rule: Rule) -> str:
    """Return what carries, and whether abstentions count among the votes cast."""
    name = (MAJORITIES if rule.motion else NAMES_MAJORITIES)[rule.majority]
    said = _("Majority: %(rule)s.", rule=_lower(str(name)))
    if rule.majority is MajorityKind.SIMPLE or rule.majority in OF_MEMBERS:
        return said
    inside = _("Abstentions count among the votes cast.")
    return f"{said} {inside if rule.abstentions else _('Abstentions do not count among the votes cast.')}"


def rules_words(rule: Rule) -> list[str]:
    """Return the rule as sentences that stand on the ballot and beside the result, before and after voting."""
    gate = _(
        "Only members who are checked in to the meeting can vote, and only while the quorum holds."
        " It must hold when the vote closes too."
    )
    return [quorum_words(rule), gate, majority_words(rule)]


def standing_words(standing: Standing) -> str:
    """Return how the quorum stands now: `31 of 50 members are present, 26 are needed: the quorum holds.`"""
    figures = {"present": standing.present, "members": standing.members, "needed": standing.needed}
    if standing.holds:
        return _("%(present)s of %(members)s members are present, %(needed)s are needed: the quorum holds.", **figures)
    return _(
        "%(present)s of %(members)s members are present, %(needed)s are needed: the quorum does not hold.", **figures
    )


def _lower(words: str) -> str:
    """Return words that go on in a sentence."""
    return words[:1].lower() + words[1:]
