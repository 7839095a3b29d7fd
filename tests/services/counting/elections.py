"""Elections made up from a seed, for counters that are compared."""

from __future__ import annotations

import random

from services.counting import Contest


def random_contest(seed: int, most_candidates: int = 8, most_ballots: int = 60, seats: int | None = None) -> Contest:
    """Return the same election for the same seed: few ballots, so that ties are frequent."""
    draw = random.Random(seed)
    candidates = tuple(range(1, draw.randint(2, most_candidates) + 1))
    wanted = seats or draw.randint(1, min(4, len(candidates) - 1))
    ballots: dict[tuple[int, ...], int] = {}
    for _ballot in range(draw.randint(1, most_ballots)):
        ranking = tuple(draw.sample(candidates, draw.randint(1, len(candidates))))
        ballots[ranking] = ballots.get(ranking, 0) + draw.choice((1, 1, 1, 2, 5))
    lots = tuple(draw.sample(candidates, len(candidates)))
    return Contest(candidates, wanted, ballots, lots)
