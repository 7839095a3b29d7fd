"""The rules of an election in sentences, as they were published before voting; and when its counts may be seen."""

from __future__ import annotations

from flask_babel import ngettext

from models import Election, ElectionStatus, Method, ResultsPolicy
from services import ballots, presence, ties
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


def counts_visible(election: Election, counts: ballots.Counts) -> bool:
    """Tell whether anybody may see counts now (design, section 3, rule 7)."""
    if election.status is ElectionStatus.DRAFT:
        return False
    if is_over(election):
        return counts.box == 0 and (election.method is not Method.RANKED or counts.ranked is not None)
    return _counts_live(election)


def shows_counts(election: Election) -> bool:
    """Tell whether anybody may see counts now, without a count where the policy alone says so."""
    if is_over(election):
        return counts_visible(election, ballots.counts(election))
    return election.status is not ElectionStatus.DRAFT and _counts_live(election)


def _counts_live(election: Election) -> bool:
    if election.results_policy is not ResultsPolicy.LIVE:
        return False
    return not election.is_secret or election.live_batch is not None


def is_over(election: Election) -> bool:
    """Tell whether voting has ended for good."""
    return election.status in (ElectionStatus.CLOSED, ElectionStatus.ARCHIVED)
