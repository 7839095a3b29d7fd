"""Plurality, approval and k of n: every name on a ballot gets one vote, whatever its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.counting.model import Ranking


def marks(candidates: Iterable[int], ballots: Mapping[Ranking, int], most: int | None = None) -> dict[int, int]:
    """Return the votes by candidate, in the order given; of each ballot the first `most` names count (None: all).

    With `most` = 1 this is plurality, and of ranked ballots the first preferences; a name counts once a ballot.
    """
    votes = dict.fromkeys(candidates, 0)
    for ranking, papers in ballots.items():
        for one in dict.fromkeys(ranking[:most]):
            votes[one] += papers
    return votes


def most_marks(votes: Mapping[int, int], seats: int, lots: Iterable[int]) -> list[int]:
    """Return who has the most votes, best first; who has as many as another stands by `lots`. None without a vote."""
    place = {one: number for number, one in enumerate(lots)}
    ranked = sorted((one for one in votes if votes[one] > 0), key=lambda one: (-votes[one], place[one]))
    return ranked[:seats]
