import pytest

from models import Election, Method, NotaRule
from services.ballots import Counts
from services.counting import Contest, alternative_vote
from services.verdict import Outcome, decide, verdict_of


def test_the_candidate_with_the_most_votes_is_elected():
    verdict = decide({1: 5, 2: 9, 3: 2}, nota=4)
    assert (verdict.outcome, verdict.first, verdict.tied) == (Outcome.ELECTED, (2,), ())


def test_two_candidates_with_the_same_votes_are_a_tie_without_a_winner():
    verdict = decide({1: 7, 2: 7, 3: 1}, nota=0)
    assert (verdict.outcome, verdict.first, set(verdict.tied)) == (Outcome.TIE, (), {1, 2})


def test_nobody_is_elected_when_nota_has_the_most_votes():
    verdict = decide({1: 7, 2: 3}, nota=8)
    assert (verdict.outcome, verdict.first) == (Outcome.NOTA_FIRST, ())


def test_nobody_is_elected_when_nota_is_level_with_the_first():
    verdict = decide({1: 7, 2: 3}, nota=7)
    assert (verdict.outcome, verdict.first, verdict.tied) == (Outcome.NOTA_LEVEL, (), (1,))


def test_nobody_is_elected_without_votes():
    assert decide({1: 0, 2: 0}, nota=0).outcome is Outcome.NO_VOTES
    assert decide({}, nota=0).outcome is Outcome.NO_VOTES


def test_only_nota_votes_elect_nobody():
    assert decide({1: 0}, nota=3).outcome is Outcome.NOTA_FIRST


def test_two_seats_go_to_the_first_two():
    assert decide({1: 4, 2: 9, 3: 6}, nota=0, seats=2).first == (2, 3)


def test_a_tie_for_the_last_seat_leaves_the_seats_above_it_decided():
    verdict = decide({1: 4, 2: 9, 3: 4}, nota=0, seats=2)
    assert (verdict.outcome, verdict.first, set(verdict.tied)) == (Outcome.TIE, (2,), {1, 3})


def test_level_candidates_are_all_elected_when_there_are_seats_for_all():
    assert set(decide({1: 4, 2: 4, 3: 1}, nota=0, seats=2).first) == {1, 2}


@pytest.mark.parametrize("seats", [2, 5])
def test_a_candidate_without_a_vote_is_never_elected(seats):
    assert decide({1: 3, 2: 0}, nota=0, seats=seats).first == (1,)


HALF = {
    (3, NotaRule.NO_ONE): Outcome.ELECTED,  # half of the ballots is not more than half
    (4, NotaRule.NO_ONE): Outcome.NOTA_FIRST,
    (4, None): Outcome.NOTA_FIRST,
    (4, NotaRule.ADVISORY): Outcome.ELECTED,
}


def test_more_than_half_of_ranked_ballots_for_nobody_elect_nobody():
    for (nota, rule), outcome in HALF.items():
        count = alternative_vote(Contest((1, 2), 1, {(1, 2): 1, (2,): 2, (): nota}, (1, 2)))
        counts = Counts({1: 1, 2: 2}, nota, 3 + nota, 3 + nota, 3 + nota, 0, 0, None, count)
        verdict = verdict_of(Election(method=Method.RANKED, seats=1, nota_rule=rule), counts)
        assert (verdict.outcome, verdict.first) == (outcome, (2,) if outcome is Outcome.ELECTED else ()), (nota, rule)
