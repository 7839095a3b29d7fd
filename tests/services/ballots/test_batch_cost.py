"""How often a batch of live counted ballots agrees."""

import random

import pytest

from services.ballots.batch_cost import RARE, batches_until_one_agrees


@pytest.mark.parametrize(
    ("shares", "batch", "expected"),
    [
        ([0.9, 0.1], 50, 194),
        ([0.95, 0.05], 50, 13),
        ([1.0], 50, 1),
        ([0.5, 0.5], 50, RARE),
        ([0.0, 1.0], 60, 1),
        ([], 50, None),
        ([0.0], 50, None),
    ],
)
def test_one_batch_in_so_many_agrees(shares, batch, expected):
    assert batches_until_one_agrees(shares, batch) == expected


def test_the_formula_is_what_random_batches_do():
    chance = random.Random(1)
    agree = sum(all(chance.random() < 0.9 for _ in range(10)) for _ in range(20_000))
    assert 20_000 / agree == pytest.approx(batches_until_one_agrees([0.9, 0.1], 10), rel=0.1)
