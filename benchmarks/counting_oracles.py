"""Compare the counts with two other programs on real and made-up elections (docs/counting.md has the figures).

    pip install stvpoll==0.5.6 votelib==0.4.0
    python -m benchmarks.counting_oracles FOLDER_WITH_BLT_FILES

Neither is needed to run or test the application. `stvpoll` has the Scottish rules; `votelib` has exact fractions, moves
all surpluses of a stage at once, and stops at a tie. Prints how many elections elect the same candidates, and the
seeds of those that do not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from stvpoll.scottish_stv import calculate_scottish_stv
from votelib.evaluate.core import Plurality
from votelib.evaluate.sequential import TransferableVoteSelector

from services.counting import Contest, Rule, count, read_blt
from tests.services.counting.elections import random_contest

MADE_UP = 2000
Winners = set[int] | None


def stvpoll(contest: Contest) -> Winners:
    """Return whom stvpoll elects; its ties by lot go by our order."""
    ballots = list(contest.ballots.items())
    made = calculate_scottish_stv(candidates=contest.lots, ballots=ballots, winners=contest.seats, random_shuffle=False)
    return set(made.elected_as_set())


def votelib(contest: Contest) -> Winners:
    """Return whom votelib elects, None where it stops at a tie."""
    named = {one for ranking in contest.ballots for one in ranking}
    if len(named) <= contest.seats:
        return None
    # Without a retainer it excludes the exhausted ballots, over and over, as soon as they are the fewest.
    selector = TransferableVoteSelector(transferer="Gregory", quota_function="droop", retainer=Plurality())
    try:
        return set(selector.evaluate(dict(contest.valid()), contest.seats))
    except NotImplementedError:
        return None


def ours(contest: Contest, rule: Rule = Rule.SCOTTISH) -> set[int]:
    """Return whom we elect."""
    return set(count(rule, contest).elected)


def compare(name: str, contests: dict[str, Contest], other: Callable[[Contest], Winners], rule: Rule) -> None:
    """Print how many elections have the same winners by our rule and by the other program."""
    found = {key: other(contest) for key, contest in contests.items()}
    decided = {key: winners for key, winners in found.items() if winners is not None}
    unlike = [key for key, winners in decided.items() if winners != ours(contests[key], rule)]
    print(f"{name}: {len(decided) - len(unlike)} of {len(decided)} the same", end="")
    print(f", {len(found) - len(decided)} stopped at a tie. Others: {' '.join(unlike) or 'none'}")


def main(folder: str) -> None:
    """Compare all files of a folder, then elections that are made up from seeds."""
    files = sorted(Path(folder).glob("*.blt"))
    wards = {file.stem: read_blt(file.read_text(encoding="utf-8")).contest() for file in files}
    several = {str(seed): random_contest(seed) for seed in range(MADE_UP)}
    single = {str(seed): random_contest(seed, seats=1) for seed in range(MADE_UP)}
    for other in (stvpoll, votelib):
        compare(f"{other.__name__}, real elections", wards, other, Rule.SCOTTISH)
        compare(f"{other.__name__}, made up", several, other, Rule.SCOTTISH)
    compare("votelib, made up, one seat, instant-runoff", single, votelib, Rule.ALTERNATIVE)


if __name__ == "__main__":
    main(sys.argv[1])
