"""The rules of an election in sentences, as they were published before voting."""

from __future__ import annotations

from flask_babel import ngettext

from models import Election, Method
from services import presence, ties
from services.counting import Rule
from services.rounds import EXPLAINED


def rules_of(election: Election) -> list[str]:
    """Return how many are elected, what NOTA means and how a tie is resolved, a sentence each."""
    in_meeting = presence.rule_of(election)
    said = presence.rules_words(in_meeting) if in_meeting else []
    if in_meeting and in_meeting.motion:
        return [*said, ties.nota_words(election)]
    if election.method is Method.RANKED:
        seats = ngettext(
            "%(num)d seat. Voters rank the names.", "%(num)d seats. Voters rank the names.", election.seats
        )
        rule = str(EXPLAINED[Rule.for_seats(election.seats)])
        return [*said, seats, rule, ties.nota_words(election), ties.tie_rule_words(election)]
    seats = ngettext("%(num)d seat, most votes wins.", "%(num)d seats, most votes win.", election.seats)
    return [*said, seats, ties.nota_words(election), ties.tie_rule_words(election)]
