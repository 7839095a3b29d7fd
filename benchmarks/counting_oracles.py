"""Compare the Scottish count with another program, `stvpoll` (pip install stvpoll), on real and made-up elections.

    python -m benchmarks.counting_oracles FOLDER_WITH_BLT_FILES

Prints how many elections elect the same candidates, and the seeds of those that do not (docs/counting.md).
"""

from __future__ import annotations

import sys
from pathlib import Path

from stvpoll.scottish_stv import calculate_scottish_stv

from services.counting import Contest, read_blt, scottish_stv
from tests.services.counting.elections import random_contest

MADE_UP = 2000


def other(contest: Contest) -> set[int]:
    """Return whom the other program elects; its ties by lot go by our order."""
    ballots = list(contest.ballots.items())
    made = calculate_scottish_stv(candidates=contest.lots, ballots=ballots, winners=contest.seats, random_shuffle=False)
    return set(made.elected_as_set())


def main(folder: str) -> None:
    """Compare all files of a folder, then elections that are made up from seeds."""
    files = sorted(Path(folder).glob("*.blt"))
    wards = {file.stem: read_blt(file.read_text(encoding="utf-8")).contest() for file in files}
    unlike = [name for name, ward in wards.items() if set(scottish_stv(ward).elected) != other(ward)]
    print(f"{len(wards) - len(unlike)} of {len(wards)} real elections elect the same. Others: {unlike}")
    seeds = [
        seed
        for seed in range(MADE_UP)
        if set(scottish_stv(random_contest(seed)).elected) != other(random_contest(seed))
    ]
    print(f"{MADE_UP - len(seeds)} of {MADE_UP} made-up elections elect the same. Other seeds: {seeds}")


if __name__ == "__main__":
    main(sys.argv[1])
