"""Single transferable vote by the rules of the Scottish Local Government Elections Order 2011 (SSI 2011/399).

Schedule 1, Part III, rules 46 to 53 (in the Order of 2007, SSI 2007/42, the same rules are 45 to 52): Droop quota;
weighted inclusive Gregory transfers, whose values are cut off after five decimal places; surpluses before exclusions,
the largest first, never deferred; one candidate excluded at a time, all papers in one stage; ties by the most recent
stage that tells the candidates apart, else by lot.
"""

from __future__ import annotations

from services.counting.breaking import break_tie
from services.counting.model import UNIT, Contest, Count, Kind, Rule
from services.counting.table import Table

SURPLUS, EXCLUSION = "surplus", "exclusion"


def scottish_stv(contest: Contest) -> Count:
    """Count by the Scottish rules. Without a valid ballot nobody is elected."""
    ballots = contest.valid()
    valid = sum(ballots.values())
    quota = (valid // (contest.seats + 1) + 1) * UNIT
    table = Table(contest.standing, ballots)
    table.first_stage()
    if valid:
        _run(table, contest, quota)
    invalid = sum(contest.ballots.values()) - valid
    return Count(Rule.SCOTTISH, contest.seats, valid, quota, tuple(table.stages), tuple(table.elected), invalid)


def _run(table: Table, contest: Contest, quota: int) -> None:
    while True:
        _elect_by_quota(table, quota)  # rule 48
        if not table.continuing or _fill_last(table, contest.seats):
            return
        waiting = [one for one in table.elected if table.votes[one] > quota]
        if waiting:
            _transfer_surplus(table, contest, quota, waiting)
        else:
            _exclude_lowest(table, contest)


def _elect_by_quota(table: Table, quota: int) -> None:
    reached = [one for one in table.continuing if table.votes[one] >= quota]
    table.elect(sorted(reached, key=lambda one: -table.votes[one]))


def _fill_last(table: Table, seats: int) -> bool:
    """Tell whether the count is over; rule 53: as many candidates as vacancies are elected, and no paper moves."""
    vacancies = seats - len(table.elected)
    if vacancies > 0 and len(table.continuing) > vacancies:
        return False
    if vacancies > 0:
        table.elect(sorted(table.continuing, key=lambda one: -table.votes[one]))
    return True


def _transfer_surplus(table: Table, contest: Contest, quota: int, waiting: list[int]) -> None:
    """Rules 49 and 50: every paper moves at surplus x value when received / votes, five places, the rest ignored."""
    most = max(table.votes[one] for one in waiting)
    subject = _one_of(table, contest, SURPLUS, [one for one in waiting if table.votes[one] == most])
    votes = table.votes[subject]
    table.move(Kind.SURPLUS, subject, lambda received: (votes - quota) * received // votes, keep=quota)


def _exclude_lowest(table: Table, contest: Contest) -> None:
    """Rules 51 and 52: the papers keep their value; none moves when that leaves as many candidates as vacancies."""
    least = min(table.votes[one] for one in table.continuing)
    subject = _one_of(table, contest, EXCLUSION, [one for one in table.continuing if table.votes[one] == least])
    table.exclude(subject)
    if len(table.continuing) == contest.seats - len(table.elected):
        table.leave(subject)
    else:
        table.move(Kind.EXCLUSION, subject, lambda received: received)


def _one_of(table: Table, contest: Contest, purpose: str, tied: list[int]) -> int:
    if len(tied) == 1:
        return tied[0]
    lowest = purpose == EXCLUSION
    tie = break_tie(purpose, tied, table.history(), contest.lots, lowest=lowest, newest_first=True)
    table.ties.append(tie)
    return tie.chosen
