"""What live counts of a secret election cost: how often a batch agrees and tells the choice of its voters."""

from __future__ import annotations

from collections.abc import Iterable

RARE = 1_000_000
LEADERS = (90, 95)


def batches_until_one_agrees(shares: Iterable[float], batch: int) -> int | None:
    """Return N where one batch in N agrees on the average, at most RARE; None when no ballot is counted.

    `shares` are the parts of the ballots (0 to 1) that name each choice. The chance that all ballots of a random batch
    name the same choice is the sum of share ** batch: drawing with replacement (binomial, k = n). Drawing without,
    from the box as it is, is the hypergeometric chance, which is lower: this is the careful side.
    """
    parts = [share for share in shares if share > 0]
    if not parts:
        return None
    chance = min(1.0, sum(share**batch for share in parts))
    return RARE if chance * RARE <= 1 else round(1 / chance)


def examples(batch: int) -> dict[int, int]:
    """Return one batch in how many agrees when the first of two candidates has so many per cent of the ballots."""
    return {percent: batches_until_one_agrees([percent / 100, 1 - percent / 100], batch) or RARE for percent in LEADERS}
