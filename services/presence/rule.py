"""The rule of a vote in a meeting: who must be present, and what majority carries; a JSON object of the definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from flask_babel import gettext as _

from models import Election, ElectionStatus, MajorityKind, Method, QuorumKind
from services.errors import ValidationFailed

SHARES: dict[QuorumKind, tuple[int, int]] = {
    QuorumKind.TENTH: (1, 10),
    QuorumKind.QUARTER: (1, 4),
    QuorumKind.THIRD: (1, 3),
    QuorumKind.HALF: (1, 2),
    QuorumKind.TWO_THIRDS: (2, 3),
    QuorumKind.THREE_QUARTERS: (3, 4),
}
"""At least this share of the members, rounded up to whole people."""
MOST_MEMBERS = 1_000_000


@dataclass(frozen=True)
class Rule:
    """How a vote in a meeting is judged.

    `number` is for QuorumKind.NUMBER. `abstentions` tells whether those who abstain count among the votes cast. Of a
    motion the first name on the ballot is yes, the second no. `meeting`, `members` and `needed` are set when it opens:
    the meeting's title, how many the group has, and how many of them must be present.
    """

    quorum: QuorumKind = QuorumKind.MORE_THAN_HALF
    number: int | None = None
    majority: MajorityKind = MajorityKind.SIMPLE
    abstentions: bool = False
    motion: bool = False
    meeting: str = ""
    members: int = 0
    needed: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON types, as the table and the definition keep them."""
        return asdict(self) | {"quorum": self.quorum.value, "majority": self.majority.value}

    def settled(self, meeting: str, members: int) -> Rule:
        """Return the rule with the figures of the opening."""
        return replace(self, meeting=meeting, members=members, needed=needed_of(self, members))

    def drafted(self) -> Rule:
        """Return the rule as a draft has it: without the figures of an opening."""
        return replace(self, meeting="", members=0, needed=0)


def rule_of(election: Election) -> Rule | None:
    """Return the rule of an election in a meeting, None for every other; of a draft without figures of an opening."""
    if election.meeting_id is None:
        return None
    rule = read(election.quorum_rule)
    return rule.drafted() if election.status is ElectionStatus.DRAFT else rule


def read(stored: Mapping[str, Any] | None) -> Rule:
    """Return a stored rule; raises ValueError or TypeError for one of another form."""
    values: dict[str, Any] = {"quorum": QuorumKind.MORE_THAN_HALF, "majority": MajorityKind.SIMPLE, **(stored or {})}
    quorum, majority = QuorumKind(values.pop("quorum")), MajorityKind(values.pop("majority"))
    return Rule(quorum=quorum, majority=majority, **values)


def needed_of(rule: Rule, members: int) -> int:
    """Return how many of so many members must be present, 1 at least."""
    if rule.quorum is QuorumKind.NUMBER:
        return rule.number or 1
    if rule.quorum is QuorumKind.MORE_THAN_HALF:
        return members // 2 + 1
    part, whole = SHARES[rule.quorum]
    return max(1, -(-members * part // whole))


def checked(stored: Mapping[str, Any] | None, method: Method, seats: int, max_choices: int) -> dict[str, Any]:
    """Return a draft's rule as it is stored; raises ValidationFailed for what cannot be counted."""
    try:
        rule = read(stored).drafted()
    except (ValueError, TypeError) as error:
        raise ValidationFailed(fields={"quorum": _("Choose one of the answers.")}) from error
    errors: dict[str, str] = {}
    if rule.quorum is QuorumKind.NUMBER and not 1 <= (rule.number or 0) <= MOST_MEMBERS:
        errors["quorum_number"] = _("Write how many members must be present.")
    single = method is not Method.RANKED and seats == 1 and max_choices == 1
    if rule.motion and not single:
        errors["max_choices"] = _("A motion has one answer: yes, no, or an abstention.")
    elif rule.majority is not MajorityKind.SIMPLE and not single:
        errors["majority"] = _("This majority is for one seat and one mark. Choose the simple one.")
    if errors:
        raise ValidationFailed(fields=errors)
    number = rule.number if rule.quorum is QuorumKind.NUMBER else None
    return replace(rule, number=number).as_json()
