"""Instant-runoff by a published rule: the alternative vote of the United Kingdom's Act of 2011.

Parliamentary Voting System and Constituencies Act 2011 (c. 1), section 9 and Schedule 10, paragraph 7: rules 45A, 49
and 49A. Who has more votes than all others who remain put together is elected; else the one with the fewest is
eliminated and each of those papers moves, whole, to the next on it who remains. Ties by the first preferences, then by
the next stage and so on, else by lot.
"""

from __future__ import annotations

from services.counting.breaking import break_tie
from services.counting.model import Contest, Count, Kind, Rule
from services.counting.table import Table

ELECTION, EXCLUSION = "election", "exclusion"
LAST_TWO = 2


def alternative_vote(contest: Contest) -> Count:
    """Count by the alternative vote; raises ValueError for more than one seat. Without a valid ballot nobody wins."""
    if contest.seats != 1:
        raise ValueError("The alternative vote fills one seat.")
    ballots = contest.valid()
    valid = sum(ballots.values())
    table = Table(contest.standing, ballots)
    table.first_stage()
    if valid:
        _run(table, contest)
    invalid = sum(contest.ballots.values()) - valid
    return Count(Rule.ALTERNATIVE, 1, valid, None, tuple(table.stages), tuple(table.elected), invalid)


def _run(table: Table, contest: Contest) -> None:
    while (winner := _winner(table, contest)) is None:
        subject = _lowest(table, contest)
        table.exclude(subject)
        table.move(Kind.EXCLUSION, subject, lambda received: received)
    table.elect([winner])


def _winner(table: Table, contest: Contest) -> int | None:
    """Rule 45A (2) and (4); rule 49A where the last two have as many votes as each other."""
    total = sum(table.votes[one] for one in table.continuing)
    best = max(table.continuing, key=lambda one: table.votes[one])
    if 2 * table.votes[best] > total or len(table.continuing) == 1:
        return best
    if len(table.continuing) > LAST_TWO:
        return None
    tie = break_tie(ELECTION, table.continuing, table.history(), contest.lots, lowest=False, newest_first=False)
    table.note_tie(tie)
    return tie.chosen


def _lowest(table: Table, contest: Contest) -> int:
    """Rule 45A (3); rule 49 where several have the fewest."""
    least = min(table.votes[one] for one in table.continuing)
    tied = [one for one in table.continuing if table.votes[one] == least]
    if len(tied) == 1:
        return tied[0]
    tie = break_tie(EXCLUSION, tied, table.history(), contest.lots, lowest=True, newest_first=False)
    table.ties.append(tie)
    return tie.chosen
