"""Why `stvpoll` elects others: the Scottish count written once more, with the ways in which stvpoll departs from it.

    pip install stvpoll==0.5.6
    python -m benchmarks.counting_differences

Without departures this count has to elect whom services/counting elects, with all of them whom stvpoll elects; for
each election in which the two differ, the smallest set of departures that makes stvpoll's winners is the reason.
"""

from __future__ import annotations

import itertools
from collections import Counter
from decimal import Decimal

from benchmarks.counting_oracles import MADE_UP, stvpoll
from services.counting import UNIT, Contest, scottish_stv
from tests.services.counting.elections import random_contest

NEAREST, TO_ELECTED, QUEUE = "nearest", "to elected", "queue"
FOREIGN, FEWER_STAGES = "papers of others", "fewer stages"
DEPARTURES = {
    NEAREST: "transfer values go to the nearest fifth place instead of being cut off (rule 49 (3))",
    TO_ELECTED: "papers move to a candidate who is elected already (rule 49: continuing candidates only)",
    QUEUE: "all surpluses of a stage move, in the order of that stage, before anybody else is looked at (rule 50)",
    FOREIGN: "with a surplus move papers that another candidate elected at that stage holds, and count twice",
    FEWER_STAGES: "ties look at the stages of elections and exclusions only, not at every transfer (rules 50, 52)",
}
Departures = frozenset[str]


class Counting:
    """One count; votes and values are units of a 100,000th, exact fractions until they are cut or rounded."""

    def __init__(self, contest: Contest, departures: Departures) -> None:
        self.contest, self.departures = contest, departures
        self.papers = [[ranking, copies, UNIT, ranking[0]] for ranking, copies in contest.ballots.items() if ranking]
        valid = sum(copies for _ranking, copies, _value, _holder in self.papers)
        self.quota = (valid // (contest.seats + 1) + 1) * UNIT
        self.open, self.elected = list(contest.candidates), list[int]()
        self.queue: list[int] = []
        self.votes = dict.fromkeys(contest.candidates, 0)
        self.history: list[dict[int, int]] = []
        self._sum()
        self.history.append(dict(self.votes))

    def winners(self) -> set[int]:
        """Return who is elected."""
        last_first = QUEUE in self.departures
        while True:
            if last_first and self._fill():
                break
            by_lot = [one for one in self.contest.lots if one in self.open and self.votes[one] >= self.quota]
            reached = sorted(by_lot, key=lambda one: -self.votes[one])
            for one in reached:
                self.open.remove(one)
                self.elected.append(one)
            self.queue += reached
            if len(self.elected) == self.contest.seats or (not last_first and self._fill()):
                break
            self.queue = [one for one in self.queue if self.votes[one] > self.quota or last_first]
            if self.queue:
                self._surpluses()
            else:
                self._exclude()
        return set(self.elected)

    def _fill(self) -> bool:
        vacancies = self.contest.seats - len(self.elected)
        if len(self.open) > vacancies:
            return False
        self.elected += self.open
        return True

    def _surpluses(self) -> None:
        if QUEUE not in self.departures:
            most = max(self.votes[one] for one in self.queue)
            one = self._pick([one for one in self.queue if self.votes[one] == most], max)
            self.queue.remove(one)
            self._surplus(one)
            return
        while self.queue:
            self._surplus(self.queue.pop(0))
            if self.queue and FEWER_STAGES not in self.departures:
                self.history.append(dict(self.votes))
        self.history.append(dict(self.votes))

    def _surplus(self, one: int) -> None:
        surplus, votes = self.votes[one] - self.quota, self.votes[one]
        for paper in self.papers:
            if self._goes(paper, one):
                if NEAREST in self.departures:
                    paper[2] = int(round(Decimal(paper[2]) / UNIT * (Decimal(surplus) / Decimal(votes)), 5) * UNIT)
                else:
                    paper[2] = paper[2] * surplus // votes
                self._move(paper)
                if FOREIGN in self.departures and paper[3]:
                    self.votes[paper[3]] += paper[1] * paper[2]
        if FOREIGN not in self.departures or not self.queue:
            self._sum()
        self.votes[one] = self.quota
        if QUEUE not in self.departures:
            self.history.append(dict(self.votes))

    def _goes(self, paper: list, one: int) -> bool:
        if FOREIGN in self.departures:
            return next((name for name in paper[0] if name == one or name in self.open), None) == one
        return paper[3] == one

    def _exclude(self) -> None:
        least = min(self.votes[one] for one in self.open)
        one = self._pick([one for one in self.open if self.votes[one] == least], min)
        self.open.remove(one)
        for paper in self.papers:
            if paper[3] == one:
                self._move(paper)
        self._sum()
        self.history.append(dict(self.votes))

    def _move(self, paper: list) -> None:
        takers = [*self.open, *(self.queue if TO_ELECTED in self.departures else [])]
        paper[3] = next((name for name in paper[0] if name in takers), 0)

    def _sum(self) -> None:
        moved = Counter()
        for _ranking, copies, value, holder in self.papers:
            moved[holder] += copies * value
        for one in self.votes:
            if one not in self.elected or one in self.queue:
                self.votes[one] = moved[one]

    def _pick(self, tied: list[int], edge) -> int:
        for stage in reversed(self.history):
            if len(tied) > 1:
                limit = edge(stage[one] for one in tied)
                tied = [one for one in tied if stage[one] == limit]
        return [one for one in self.contest.lots if one in tied][0 if edge is max else -1]


def winners(contest: Contest, departures: Departures = frozenset()) -> set[int]:
    """Return whom the count with these departures elects."""
    return Counting(contest, departures).winners()


def reason(contest: Contest, wanted: set[int]) -> Departures | None:
    """Return the smallest set of departures that elects `wanted`."""
    for size in range(1, len(DEPARTURES) + 1):
        for some in itertools.combinations(DEPARTURES, size):
            if winners(contest, frozenset(some)) == wanted:
                return frozenset(some)
    return None


def main() -> None:
    """Explain every difference among the made-up elections of counting_oracles."""
    bare = full = 0
    for seed in range(MADE_UP):
        contest = random_contest(seed)
        ours, theirs = set(scottish_stv(contest).elected), stvpoll(contest)
        bare += winners(contest) == ours
        full += winners(contest, frozenset(DEPARTURES)) == theirs
        if ours != theirs:
            why = reason(contest, theirs)
            print(f"{seed}: we {sorted(ours)}, stvpoll {sorted(theirs)}: {sorted(why) if why else 'not explained'}")
    print(f"without departures as services/counting: {bare} of {MADE_UP}; with all as stvpoll: {full} of {MADE_UP}")


if __name__ == "__main__":
    main()
