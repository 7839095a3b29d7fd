"""The papers on each candidate's pile, and how they move from one pile to the next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from services.counting.model import UNIT, Kind, Ranking, Stage, Tie, Transfer

FIRST_STAGE = 1
Parcels = dict[int, dict[Ranking, int]]


class Table:
    """A count under way: parcels by the value at which they were received, the votes, and the stages so far.

    Papers are never touched: a ranking stays whole, and its next available preference is the first name on it that
    still continues.
    """

    def __init__(self, candidates: tuple[int, ...], ballots: Mapping[Ranking, int]) -> None:
        self.piles: dict[int, Parcels] = {one: {} for one in candidates}
        self.votes = dict.fromkeys(candidates, 0)
        self.continuing = list(candidates)
        self.elected: list[int] = []
        self.exhausted = self.lost = 0
        self.stages: list[Stage] = []
        self.ties: list[Tie] = []
        for ranking, papers in ballots.items():
            self._lay(ranking[0], UNIT, ranking, papers)

    def first_stage(self) -> None:
        """Note the first preferences."""
        self.stages.append(Stage(FIRST_STAGE, Kind.FIRST, None, dict(self.votes), (), 0, 0))

    def move(self, kind: Kind, subject: int, new_value: Callable[[int], int], keep: int = 0) -> None:
        """Move the papers of one candidate to the next who continues on each, as a stage; `keep` votes stay.

        `new_value` makes of the value at which a parcel was received the one at which it moves, in units.
        """
        given = self.votes[subject] - keep
        moved: dict[tuple[int | None, int], int] = {}
        pile, self.piles[subject] = self.piles[subject], {}
        for received, rankings in pile.items():
            value = new_value(received)
            for ranking, papers in rankings.items():
                to = next_of(ranking, self.continuing)
                moved[to, value] = moved.get((to, value), 0) + papers
                if to is not None:
                    self._lay(to, value, ranking, papers)
        self.votes[subject] = keep
        transfers = tuple(
            Transfer(to, papers, value)
            for (to, value), papers in sorted(moved.items(), key=lambda item: (-item[0][1], item[0][0] or 0))
        )
        self.exhausted += sum(move.votes for move in transfers if move.to is None)
        self.lost += given - sum(move.votes for move in transfers)
        self._note(kind, subject, transfers)

    def leave(self, subject: int) -> None:
        """Note an exclusion after which no paper has to move: its votes stay where they are."""
        self._note(Kind.EXCLUSION, subject, ())

    def elect(self, found: Iterable[int]) -> None:
        """Note who is elected by the stage that was counted last, in this order."""
        for one in found:
            self.continuing.remove(one)
            self.elected.append(one)
            last = self.stages[-1]
            self.stages[-1] = replace(last, elected=(*last.elected, one))

    def note_tie(self, tie: Tie) -> None:
        """Note a tie of the stage that was counted last."""
        last = self.stages[-1]
        self.stages[-1] = replace(last, ties=(*last.ties, tie))

    def exclude(self, subject: int) -> None:
        """Take a candidate out of the count."""
        self.continuing.remove(subject)

    def history(self) -> list[Mapping[int, int]]:
        """Return the votes at the end of each stage so far."""
        return [stage.votes for stage in self.stages]

    def _lay(self, on: int, value: int, ranking: Ranking, papers: int) -> None:
        parcel = self.piles[on].setdefault(value, {})
        parcel[ranking] = parcel.get(ranking, 0) + papers
        self.votes[on] += papers * value

    def _note(self, kind: Kind, subject: int, transfers: tuple[Transfer, ...]) -> None:
        number = len(self.stages) + 1
        ties, self.ties = tuple(self.ties), []
        self.stages.append(
            Stage(number, kind, subject, dict(self.votes), transfers, self.exhausted, self.lost, (), ties)
        )


def next_of(ranking: Ranking, continuing: Collection[int]) -> int | None:
    """Return the next available preference of a paper; None when it has none left."""
    return next((one for one in ranking if one in continuing), None)
