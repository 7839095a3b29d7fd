"""Single transferable vote by the Scottish rules of 2011, by hand and on real elections."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.counting import UNIT, Contest, Kind, count, decimal, read_blt, scottish_stv
from services.counting.model import Count, Rule
from services.evidence.verify import Ranked
from tests.services.counting.elections import random_contest

WARDS = Path(__file__).parents[4].joinpath("shared", "elections")


CROSSING = {"A": 10, "B": 3, "C": 4, "D": 6, "EB": 2, "FC": 1, "F": 2}
"""B and C have 5 votes each when one must go; B had 3 and C 4 at the first stage, B 5 and C 4 at the second."""


def contest(ballots, seats, candidates="ABCDE", lots=None, withdrawn=""):
    """Return a contest whose candidates are letters: `AB` is a ballot for A, then B."""
    number = {letter: place for place, letter in enumerate(candidates, start=1)}
    as_numbers = {tuple(number[letter] for letter in ranking): papers for ranking, papers in ballots.items()}
    return Contest(
        tuple(number.values()), seats, as_numbers, tuple(number[letter] for letter in lots or candidates),
        frozenset(number[letter] for letter in withdrawn),
    )  # fmt: skip


def letters(numbers, candidates="ABCDE"):
    return "".join(candidates[one - 1] for one in numbers)


def votes(stage):
    return [decimal(units) for units in stage.votes.values()]


def test_the_textbook_election_for_the_food_of_a_party_has_its_published_winners():
    # Published example (Wikipedia, "Single transferable vote"): orange, pear, chocolate, strawberry, sweets; 3 seats.
    made = scottish_stv(contest({"A": 4, "BA": 2, "CD": 8, "CE": 4, "D": 1, "E": 1}, 3))

    assert made.quota == 6 * UNIT
    assert [votes(stage) for stage in made.stages] == [
        ["4", "2", "12", "1", "1"],
        ["4", "2", "6", "5", "3"],
        ["6", "0", "6", "5", "3"],
        ["6", "0", "6", "5", "3"],
    ]
    assert letters(made.elected) == "CAD"
    assert [(stage.kind, stage.elected) for stage in made.stages] == [
        (Kind.FIRST, (3,)), (Kind.SURPLUS, ()), (Kind.EXCLUSION, (1,)), (Kind.EXCLUSION, (4,)),
    ]  # fmt: skip


def test_a_transfer_value_is_cut_off_after_five_places_and_the_rest_is_lost():
    made = scottish_stv(contest({"AB": 7, "C": 3, "D": 1}, 2, "ABCD"))

    # Quota 4; surplus 3 of 7 votes: 3 / 7 = 0.428571… moves at 0.42857, seven papers are 2.99999.
    transfer = made.stages[1].transfers[0]
    assert (made.quota, transfer.value, decimal(made.stages[1].votes[2])) == (4 * UNIT, 42857, "2.99999")
    assert made.stages[1].lost == 1


def test_every_paper_of_a_candidate_moves_and_not_only_those_that_came_last():
    # B is elected by papers of two values; both parcels move on, each at surplus x value when received / votes.
    made = scottish_stv(contest({"ABC": 9, "BD": 4, "C": 2, "D": 2}, 3, "ABCD"))

    assert made.quota == 5 * UNIT
    first, second = made.stages[1:3]
    assert (first.subject, decimal(first.votes[2])) == (1, "7.99996")
    surplus, held = 299996, 799996
    assert [(move.to, move.papers, move.value) for move in second.transfers] == [
        (4, 4, surplus * UNIT // held),
        (3, 9, surplus * 44444 // held),
    ]


def test_the_largest_surplus_moves_first_even_if_another_is_older():
    made = scottish_stv(contest({"ACD": 30, "BE": 13, "C": 5, "D": 3, "E": 6}, 4))

    assert made.quota == 12 * UNIT
    assert [stage.subject for stage in made.stages[1:4]] == [1, 3, 2]


def test_a_paper_skips_whoever_is_elected():
    made = scottish_stv(contest({"ABC": 10, "B": 8, "C": 3, "D": 2}, 2, "ABCD"))

    assert made.stages[0].elected == (1, 2)
    made = scottish_stv(contest({"ABC": 10, "B": 8, "C": 3, "D": 2, "E": 1}, 3))
    assert {move.to for move in made.stages[1].transfers} == {3}


def test_as_many_candidates_as_seats_are_elected_and_no_paper_moves():
    made = scottish_stv(contest({"AB": 5, "BA": 4, "CA": 3}, 2, "ABC"))

    last = made.stages[-1]
    assert (last.excluded, last.transfers, letters(made.elected)) == (3, (), "AB")


def test_a_tie_goes_back_to_the_most_recent_stage_that_tells_the_candidates_apart():
    made = scottish_stv(contest(CROSSING, 2, "ABCDEF"))

    tie = next(tie for stage in made.stages for tie in stage.ties)
    assert (tie.tied, tie.chosen, tie.stage) == ((2, 3), 3, 2)


def test_a_tie_at_all_stages_goes_by_the_lots_and_the_last_of_them_is_out():
    made = scottish_stv(contest({"A": 5, "B": 2, "C": 2}, 2, "ABC", lots="CAB"))

    tie = made.stages[-1].ties[0]
    assert (tie.tied, tie.chosen, tie.stage, letters(made.elected)) == ((2, 3), 2, None, "AC")


def test_equal_surpluses_go_by_the_lots_and_the_first_of_them_moves():
    made = scottish_stv(contest({"AC": 8, "BD": 8, "C": 3, "D": 2}, 3, "ABCD", lots="BADC"))

    assert (made.stages[1].subject, made.stages[1].ties[0].purpose) == (2, "surplus")


def test_withdrawn_candidates_are_skipped_and_ballots_for_them_alone_are_not_valid():
    made = scottish_stv(contest({"BA": 5, "B": 2, "C": 1}, 1, "ABC", withdrawn="B"))

    assert (made.valid, made.invalid, letters(made.elected), 2 in made.stages[0].votes) == (6, 2, "A", False)


def test_without_a_ballot_nobody_is_elected():
    made = scottish_stv(contest({(): 3}, 2, "ABC"))

    assert (made.valid, made.invalid, made.elected) == (0, 3, ())


def test_more_seats_than_candidates_elect_all_of_them():
    assert letters(scottish_stv(contest({"A": 1, "B": 2}, 4, "AB")).elected) == "BA"


@pytest.mark.parametrize("seed", range(150))
def test_no_vote_comes_or_goes_in_a_random_election(seed):
    given = random_contest(seed)
    made = scottish_stv(given)

    for stage in made.stages:
        assert sum(stage.votes.values()) + stage.exhausted + stage.lost == made.valid * UNIT
    assert len(set(made.elected)) == given.seats
    assert Count.from_dict(made.as_dict()) == made == count(Rule.SCOTTISH, given)


WINNERS = {
    "edinburgh_2017_ward15": (2340, 1),
    "glasgow_2007_calton": (1300, 10),
    "clackmannanshire__2019_by_election_ward3_central": (1059, 6),
}


@pytest.mark.skipif(not WARDS.is_dir(), reason="The real elections are not beside the project.")
def test_forty_real_elections_balance_at_every_stage_and_fill_their_seats():
    files = sorted(WARDS.glob("*.blt"))
    for file in files:
        content = read_blt(file.read_text(encoding="utf-8"))
        made = scottish_stv(content.contest())
        assert made.quota == (sum(papers for papers, _ranking in content.ballots) // (content.seats + 1) + 1) * UNIT
        assert len(made.elected) == content.seats
        assert all(
            sum(stage.votes.values()) + stage.exhausted + stage.lost == made.valid * UNIT for stage in made.stages
        )
        if file.stem in WINNERS:
            assert (made.quota // UNIT, len(made.stages)) == WINNERS[file.stem]
    assert len(files) == 40


@pytest.mark.skipif(not WARDS.is_dir(), reason="The real elections are not beside the project.")
def test_a_real_ward_has_its_published_stages():
    # Bo'ness and Blackness, Falkirk Council, 2022, as published with two decimals (Wikipedia).
    content = read_blt((WARDS / "falkirk_2022_ward1.blt").read_text(encoding="utf-8"))
    made = scottish_stv(content.contest())
    munro = next(number for number, name in enumerate(content.names, start=1) if "MUNRO" in name)
    aitchison = next(number for number, name in enumerate(content.names, start=1) if "AITCHISON" in name)

    assert [round(stage.votes[munro] / UNIT, 2) for stage in made.stages] == [843, 950.83, 951.93, 984.18, 995.82]
    assert [round(stage.votes[aitchison] / UNIT, 2) for stage in made.stages[:3]] == [1041, 1229.03, 1238.47]


@pytest.mark.parametrize("seed", range(100))
def test_the_program_in_the_evidence_pack_counts_the_same_rounds(seed):
    for rule, given in (
        (Rule.SCOTTISH, random_contest(seed)),
        (Rule.ALTERNATIVE, random_contest(seed, seats=1)),
    ):
        again = Ranked(rule.value, given.seats, list(given.candidates), dict(given.ballots), list(given.lots)).result()
        assert again == count(rule, given).as_dict()
