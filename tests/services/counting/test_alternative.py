"""Instant-runoff by the alternative vote of the United Kingdom's Act of 2011."""

from __future__ import annotations

import pytest

from services.counting import UNIT, alternative_vote, marks, most_marks
from tests.services.counting.elections import random_contest
from tests.services.counting.test_scottish import CROSSING, contest, letters, votes


def test_the_textbook_election_of_a_capital_has_its_published_rounds():
    # Published example (Wikipedia, "Instant-runoff voting"): Memphis, Nashville, Chattanooga, Knoxville.
    made = alternative_vote(contest({"ABCD": 42, "BCDA": 26, "CDBA": 15, "DCBA": 17}, 1, "ABCD"))

    assert [votes(stage) for stage in made.stages] == [
        ["42", "26", "15", "17"],
        ["42", "26", "0", "32"],
        ["42", "0", "0", "58"],
    ]
    assert letters(made.elected) == "D"


def test_the_majority_is_of_the_ballots_that_remain():
    made = alternative_vote(contest({"A": 4, "B": 3, "C": 2}, 1, "ABC"))

    assert (letters(made.elected), made.stages[-1].exhausted, made.quota) == ("A", 2 * UNIT, None)


def test_more_than_half_of_the_first_preferences_ends_the_count():
    assert len(alternative_vote(contest({"A": 6, "BC": 3, "C": 2}, 1, "ABC")).stages) == 1


def test_a_tie_goes_by_the_first_preferences_and_not_by_the_latest_stage():
    made = alternative_vote(contest(CROSSING, 1, "ABCDEF"))

    tie = next(tie for stage in made.stages for tie in stage.ties)
    assert (tie.tied, tie.chosen, tie.stage) == ((2, 3), 2, 1)


def test_the_last_two_with_as_many_votes_go_by_first_preferences_then_by_lot():
    by_votes = alternative_vote(contest({"A": 3, "B": 2, "CB": 1}, 1, "ABC"))
    by_lot = alternative_vote(contest({"A": 3, "B": 3}, 1, "AB", lots="BA"))

    assert (letters(by_votes.elected), by_votes.stages[-1].ties[0].stage) == ("A", 1)
    assert (letters(by_lot.elected), by_lot.stages[-1].ties[0].stage) == ("B", None)


def test_two_seats_are_refused():
    with pytest.raises(ValueError, match="one seat"):
        alternative_vote(contest({"A": 1, "B": 1}, 2, "AB"))


@pytest.mark.parametrize("seed", range(60))
def test_the_winner_of_a_random_election_has_more_than_half_of_what_remains_or_a_tie_was_broken(seed):
    made = alternative_vote(random_contest(seed, seats=1))
    last = made.stages[-1]
    out = {stage.excluded for stage in made.stages}
    rest = {one: votes for one, votes in last.votes.items() if one not in out}

    assert 2 * rest[made.elected[0]] > sum(rest.values()) or any(tie.purpose == "election" for tie in last.ties)


def test_plurality_takes_the_first_name_and_approval_every_one():
    given = contest({"AB": 2, "BA": 1, "CB": 2}, 1, "ABC")

    assert list(marks(given.standing, given.valid(), 1).values()) == [2, 1, 2]
    assert list(marks(given.standing, given.valid()).values()) == [3, 5, 2]
    assert most_marks({1: 2, 2: 0, 3: 2}, 2, (3, 2, 1)) == [3, 1]
