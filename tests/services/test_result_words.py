import pytest

from services.result_words import balance_sentence, verdict_title, verdict_words
from services.results import Balance
from tests.support.results import make_result

pytestmark = pytest.mark.usefixtures("app")


def test_the_balance_is_one_sentence_of_figures():
    said = balance_sentence(Balance(1731, 1720, 11, 0, True), secret=True)
    assert said == "1,731 votes = 1,720 ballots sealed and counted + 11 in the ballot box. It balances."


def test_spoiled_ballots_stand_in_the_balance():
    assert "+ 2 spoiled. It balances." in balance_sentence(Balance(5, 3, 0, 2, True), secret=True)


def test_an_imbalance_calls_the_operator():
    assert balance_sentence(Balance(5, 3, 1, 0, False), secret=True).endswith("It does not balance. Call the operator.")


def test_a_recorded_election_has_no_box_in_its_balance():
    assert balance_sentence(Balance(1, 1, 0, 0, True), secret=False) == "1 vote = 1 recorded choice. It balances."


def test_the_headline_names_who_is_elected_and_by_how_much():
    assert verdict_title(make_result()) == "Amina Solberg is elected"
    assert verdict_words(make_result()) == "Lighthouse Party. 268 of 902 votes, 54 more than Rosa Demir."


def test_a_single_candidate_is_ahead_of_nobody():
    assert verdict_words(make_result([("Amina", "", 3)], nota=1)) == "3 of 4 votes."


def test_several_winners_are_all_named():
    result = make_result(winners=["Amina", "Rosa"], winner="Amina and Rosa", seats=2, note="Two seats.")
    assert verdict_title(result) == "Amina and Rosa are elected"
    assert verdict_words(result) == "Two seats."


def test_a_count_that_is_not_final_elects_nobody():
    assert verdict_title(make_result(final=False)) == "Amina Solberg is ahead"
    assert verdict_title(make_result([("A", "", 2), ("B", "", 2)], final=False)) == "Count so far"
    assert verdict_title(make_result(total=None)) == "Not counted yet"


def test_a_tie_and_an_empty_count_have_their_own_headlines():
    assert verdict_title(make_result([("A", "", 2), ("B", "", 2)], nota=0)) == "A tie"
    assert verdict_title(make_result([("A", "", 0)], nota=0)) == "No candidate is elected"
