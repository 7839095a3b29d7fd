"""What `make security ARGS=timing` calls a difference, on made-up times."""

from __future__ import annotations

import random

import pytest

from benchmarks.security import timing

DRAWN = random.Random(7)
ONE = [0.2 + DRAWN.gauss(0, 0.01) for _ in range(200)]
SAME = [0.2 + DRAWN.gauss(0, 0.01) for _ in range(200)]


def test_the_rank_test_agrees_with_the_textbook():
    # Two samples of five without ties, every value of one below every value of the other: z = 2.611, p = 0.0090.
    assert timing.rank_test([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]) == pytest.approx(0.0090, abs=0.0002)
    assert timing.rank_test([1, 1, 1], [1, 1, 1]) == 1.0


def test_times_of_one_kind_are_not_told_apart():
    assert not timing.told_apart(ONE, SAME)


@pytest.mark.parametrize("factor", [0.2, 0.9, 1.1, 4.0])
def test_times_that_differ_by_a_tenth_are_told_apart(factor):
    assert timing.told_apart(ONE, [one * factor for one in SAME])


def test_a_sure_difference_that_no_stranger_notices_is_none():
    near = [one + 0.0001 for one in [0.01] * 200]
    assert timing.rank_test([0.01] * 200, near) < timing.SURE
    assert not timing.told_apart([0.01] * 200, near)


def test_a_kind_that_is_answered_otherwise_stops_the_measurement():
    question = timing.Question("sign-in", {"known": lambda: 401, "unknown": lambda: 200}, 401, 2)
    with pytest.raises(ValueError, match="unknown: 200 instead of 401"):
        timing.measure(question)
