"""Who is elected or what is carried: a count by its method, NOTA, lots, majority; no database and no words."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from models import Election, MajorityKind, Method, NotaRule
from services import presence
from services.ballots import Counts, choices_of
from services.presence import Needed, Rule

NOTA_LOT = 0
"""Stands for NOTA among the lots, beside ids of candidates."""


class Outcome(enum.StrEnum):
    """What a final count says."""

    ELECTED = "elected"
    TIE = "tie"
    NOTA_FIRST = "nota_first"
    NOTA_LEVEL = "nota_level"
    NO_VOTES = "no_votes"
    CARRIED = "carried"
    NOT_CARRIED = "not_carried"
    NO_MAJORITY = "no_majority"
    """The first name has fewer votes than the majority of the meeting asks for."""
    NO_QUORUM = "no_quorum"
    """Too few members were present when the vote closed: nothing is decided."""


@dataclass(frozen=True)
class Verdict:
    """`first` are the ids that win a seat, `tied` the ids that share the last one; by hand, never by order."""

    outcome: Outcome
    first: tuple[int, ...] = ()
    tied: tuple[int, ...] = ()

    @property
    def is_tie(self) -> bool:
        return self.outcome in (Outcome.TIE, Outcome.NOTA_LEVEL)


class LotsMissing(ValueError):
    """The lots drawn so far do not decide: one more is needed."""


def verdict_of(election: Election, counts: Counts) -> Verdict:
    """Return the verdict of an election by its method; of a ranked count that is under way its first preferences.

    In a meeting the quorum at the closing comes first, then the majority; while the vote is open it is taken to hold.
    """
    rule = presence.rule_of(election)
    if rule is None:
        return _by_method(election, counts)
    if election.present_at_closing is not None and election.present_at_closing < rule.needed:
        return Verdict(Outcome.NO_QUORUM)
    votes = votes_in_order(election, counts)
    needed = votes_needed(rule, votes, counts)
    if rule.motion:
        return Verdict(Outcome.CARRIED if votes[0] >= needed.votes else Outcome.NOT_CARRIED)
    if rule.majority is not MajorityKind.SIMPLE and counts.total and max(votes) < needed.votes:
        return Verdict(Outcome.NO_MAJORITY)
    return _by_method(election, counts)


def votes_in_order(election: Election, counts: Counts) -> list[int]:
    """Return the votes of every name in the order of the ballot: of a motion yes, then no."""
    return [counts.per_candidate.get(int(choice["id"]), 0) for choice in choices_of(election)]


def votes_needed(rule: Rule, votes: Sequence[int], counts: Counts) -> Needed:
    """Return how many votes carry a motion or elect the first name, by the rule of the meeting."""
    cast = counts.total if rule.abstentions else counts.total - counts.nota
    other = votes[1] if rule.motion else sorted(votes)[-2]
    return presence.needed_votes(rule.majority, cast, other, rule.members)


def _by_method(election: Election, counts: Counts) -> Verdict:
    if election.method is not Method.RANKED:
        return decide(counts.per_candidate, counts.nota, election.seats, election.nota_rule)
    if counts.ranked is None:
        return decide(counts.per_candidate, 0, election.seats, NotaRule.ADVISORY)
    if nota_wins(counts.nota, counts.total, election.nota_rule):
        return Verdict(Outcome.NOTA_FIRST)
    if not counts.ranked.elected:
        return Verdict(Outcome.NOTA_FIRST if counts.nota else Outcome.NO_VOTES)
    return Verdict(Outcome.ELECTED, first=counts.ranked.elected)


def nota_wins(nota: int, ballots: int, rule: NotaRule | None) -> bool:
    """Tell whether NOTA keeps anybody from being elected by ranked ballots: more than half of them say so."""
    return rule is not NotaRule.ADVISORY and 2 * nota > ballots


def decide(counts: dict[int, int], nota: int, seats: int = 1, rule: NotaRule | None = None) -> Verdict:
    """Return the verdict of votes by candidate id; more than one seat goes to the most votes in order.

    A candidate without a vote is never elected. When NOTA (none of the above) has the most votes, or as many as
    the first candidate, nobody is elected by the count, unless `rule` says that NOTA is advisory.
    """
    ranked = sorted((pair for pair in counts.items() if pair[1] > 0), key=lambda pair: -pair[1])
    if not ranked:
        return Verdict(Outcome.NOTA_FIRST if nota else Outcome.NO_VOTES)
    best = ranked[0][1]
    if rule is not NotaRule.ADVISORY and nota >= best:
        level = tuple(key for key, count in ranked if count == best)
        return Verdict(Outcome.NOTA_LEVEL, tied=level) if nota == best else Verdict(Outcome.NOTA_FIRST)
    if len(ranked) <= seats:
        return Verdict(Outcome.ELECTED, first=tuple(key for key, _ in ranked))
    return _share_seats(ranked, seats)


def lots_needed(counts: dict[int, int], verdict: Verdict, seats: int) -> tuple[int, ...]:
    """Return whose lots a tie needs, in the order of `counts`; NOTA_LOT last where NOTA is level."""
    if verdict.outcome is Outcome.TIE:
        return verdict.tied
    if verdict.outcome is not Outcome.NOTA_LEVEL:
        return ()
    beyond = decide(counts, 0, seats, NotaRule.ADVISORY).tied
    return (*verdict.tied, *(key for key in beyond if key not in verdict.tied), NOTA_LOT)


def elected_by_lot(counts: dict[int, int], verdict: Verdict, seats: int, lots: Sequence[int]) -> tuple[int, ...]:
    """Return all who are elected by the count and by `lots`, the ids in the order of their lots.

    Where NOTA is level with the first, the first lot of those who are level decides whether anybody is elected.
    Raises LotsMissing while the lots do not decide.
    """
    if verdict.outcome is Outcome.NOTA_LEVEL:
        first = next((lot for lot in lots if lot == NOTA_LOT or lot in verdict.tied), None)
        if first is None:
            raise LotsMissing
        if first == NOTA_LOT:
            return ()
        verdict = decide(counts, 0, seats, NotaRule.ADVISORY)
    drawn = [lot for lot in lots if lot in verdict.tied][: seats - len(verdict.first)]
    if verdict.outcome is Outcome.TIE and len(drawn) < seats - len(verdict.first):
        raise LotsMissing
    return (*verdict.first, *drawn)


def _share_seats(ranked: list[tuple[int, int]], seats: int) -> Verdict:
    last_seat = ranked[seats - 1][1]
    above = tuple(key for key, count in ranked if count > last_seat)
    level = tuple(key for key, count in ranked if count == last_seat)
    if len(above) + len(level) <= seats:
        return Verdict(Outcome.ELECTED, first=above + level)
    return Verdict(Outcome.TIE, first=above, tied=level)
