from datetime import timedelta

import pytest

from models import Candidate, Election, ResultsPolicy, db
from services import ballots, elections, results
from services.actor import SYSTEM
from services.ballots import Choice
from services.clock import utc_now
from services.results import percent, public_election, result_of
from tests.factories import CandidateFactory, ElectionFactory, make_open_election, make_recorded_election
from tests.support.voting import as_attacker, cast_by, seal_all, voters_of

pytestmark = pytest.mark.usefixtures("app")
NOTA = Choice(nota=True)


def vote(election, *choices):
    """Cast choices in the order of the roll: a number is a candidate's place on the ballot."""
    ids = [candidate.id for candidate in election.candidates]
    for voter, choice in zip(voters_of(election), choices, strict=False):
        wanted = choice if isinstance(choice, Choice) else Choice(candidates=(ids[choice],))
        assert cast_by(voter, election, wanted).kind == "cast"


def close_and_count(election):
    number = election.id
    elections.close_election(election, SYSTEM)
    db.session.commit()
    seal_all()
    return db.session.get_one(Election, number)


def counts_of(result):
    return {row.name: row.count for row in result.rows}


def names_of(election):
    return [candidate.name for candidate in election.candidates]


def test_an_open_secret_election_shows_turnout_and_no_count():
    election = make_open_election(voters=3)
    vote(election, 0)
    result = result_of(election, utc_now())
    assert (result.turnout.voted, result.turnout.on_roll, result.turnout.percent) == (1, 3, 33.3)
    assert set(counts_of(result).values()) == {None}
    assert (result.nota.count, result.total, result.winner, result.live, result.counted) == (
        None,
        None,
        None,
        False,
        False,
    )
    assert result.note == "The ballots stay in the ballot box. The count appears when the election is closed."
    assert all(party.count is None for party in result.parties)


def test_a_live_policy_alone_does_not_show_the_count_of_a_secret_election():
    election = make_open_election(voters=2, results_policy=ResultsPolicy.LIVE)
    vote(election, 0)
    assert not result_of(election, utc_now()).counted


def test_the_count_of_a_closed_secret_election_waits_for_the_sealing():
    election = make_open_election(voters=2)
    vote(election, 0)
    elections.close_election(election, SYSTEM)
    result = result_of(election, utc_now())
    assert (result.status, result.counted, result.final) == ("sealing", False, False)
    assert "being sealed" in result.note


def test_a_sealed_election_has_a_winner_and_balances():
    election = make_open_election(candidates=2, voters=4)
    vote(election, 0, 1, 1, NOTA)
    election = close_and_count(election)
    first, second = names_of(election)
    result = result_of(election, utc_now())
    assert counts_of(result) == {second: 2, first: 1}
    assert [row.name for row in result.rows] == [second, first]
    assert (result.winner, result.winners, result.tie) == (second, [second], [])
    assert (result.nota.count, result.nota.share, result.total, result.rows[0].share) == (1, 25.0, 4, 50.0)
    assert (result.status, result.final, result.live) == ("closed", True, False)
    balance = result.balance
    assert (balance.votes, balance.ballots, balance.box, balance.spoiled, balance.balanced) == (4, 4, 0, 0, True)
    assert result.counted_at is not None


def test_a_tie_has_no_winner_and_the_commission_decides():
    election = make_open_election(candidates=3, voters=2)
    vote(election, 0, 1)
    election = close_and_count(election)
    result = result_of(election, utc_now())
    assert result.tie == names_of(election)[:2]
    assert (result.winner, any(row.winner for row in result.rows)) == (None, False)
    assert "decides by hand" in result.note


def test_nobody_wins_silently_when_nota_has_the_most_votes():
    election = make_open_election(voters=3)
    vote(election, NOTA, NOTA, 0)
    result = result_of(close_and_count(election), utc_now())
    assert (result.winner, result.tie) == (None, [])
    assert result.note.startswith("None of the above has the most votes.")


def test_a_tie_with_nota_names_it():
    election = make_open_election(voters=2)
    vote(election, NOTA, 0)
    election = close_and_count(election)
    result = result_of(election, utc_now())
    assert result.winner is None
    assert result.tie == [names_of(election)[0], "None of the above"]


def test_an_election_in_which_nobody_voted_has_zeros_and_no_winner():
    result = result_of(close_and_count(make_open_election(voters=2)), utc_now())
    assert set(counts_of(result).values()) == {0}
    assert (result.total, result.winner, result.rows[0].share, result.turnout.percent) == (0, None, 0.0, 0.0)
    assert "No candidate is elected" in result.note
    assert result.balance.balanced


def test_a_recorded_election_counts_live_and_decides_nothing_before_its_end():
    election = make_recorded_election(candidates=2, voters=3)
    vote(election, 1, NOTA)
    result = result_of(election, utc_now())
    assert counts_of(result) == {names_of(election)[1]: 1, names_of(election)[0]: 0}
    assert (result.live, result.final, result.nota.count, result.tie) == (True, False, 1, [])
    assert "final when the election is closed" in result.note


def test_a_recorded_election_may_keep_its_count_until_it_closes():
    election = make_recorded_election(voters=2)
    hidden = make_open_election(voters=2, secrecy=election.secrecy, results_policy=ResultsPolicy.AFTER_CLOSE)
    vote(hidden, 0)
    assert not result_of(hidden, utc_now()).counted
    elections.close_election(hidden, SYSTEM)
    assert result_of(hidden, utc_now()).winner == names_of(hidden)[0]


def test_batches_let_a_secret_election_count_live():
    election = make_open_election(voters=2, results_policy=ResultsPolicy.LIVE, live_batch=50)
    vote(election, 0)
    result = result_of(election, utc_now())
    assert (result.live, result.total, result.balance.box) == (True, 0, 1)
    assert "50 at a time" in result.note


def test_voting_time_that_is_over_is_said():
    election = make_open_election()
    result = result_of(election, election.closes_at + timedelta(seconds=1))
    assert result.note.startswith("Voting has ended.")


def test_a_party_has_the_sum_of_its_candidates():
    election = ElectionFactory()
    first = CandidateFactory(election=election)
    party = first.party.name
    CandidateFactory(election=election, party=first.party)
    CandidateFactory(election=election, party=None)
    election = _opened(election, voters=4)
    vote(election, 0, 1, 1, 2)
    result = result_of(close_and_count(election), utc_now())
    assert [(party.name, party.count, party.share) for party in result.parties] == [
        (party, 3, 75.0),
        ("No party", 1, 25.0),
    ]


def test_names_come_from_the_signed_definition_and_a_change_is_reported():
    election = make_open_election()
    number, name = election.id, names_of(election)[0]
    as_attacker("UPDATE candidates SET name = 'Somebody Else' WHERE name = :name", name=name)
    as_attacker("UPDATE elections SET title = 'Another title' WHERE id = :id", id=number)
    result = result_of(db.session.get_one(Election, number), utc_now())
    assert name in counts_of(result)
    assert not result.intact


def test_an_untouched_election_is_intact():
    assert result_of(make_open_election(), utc_now()).intact


def test_a_draft_has_no_result():
    election = ElectionFactory()
    CandidateFactory(election=election)
    result = result_of(election, utc_now())
    assert (result.status, result.counted, result.note) == ("draft", False, "This election has not opened.")


def test_a_result_becomes_plain_json_types():
    import json

    plain = json.loads(json.dumps(result_of(close_and_count(make_open_election()), utc_now()).as_dict()))
    assert plain["turnout"] == {"voted": 0, "on_roll": 1, "percent": 0.0}
    assert plain["closed_at"].endswith("+00:00")
    assert {"candidate_id", "name", "party", "count", "share", "winner"} <= plain["rows"][0].keys()


def test_a_draft_is_never_public():
    draft = ElectionFactory()
    assert public_election(draft.id) is None
    assert public_election(None) is None


def test_the_open_booth_election_is_the_public_one():
    closed = close_and_count(make_open_election()).id
    present = make_open_election().id
    assert public_election(None).id == present
    assert public_election(closed).id == closed


@pytest.mark.parametrize(("part", "whole", "share"), [(1, 3, 33.3), (2, 3, 66.7), (0, 0, 0.0), (5, 5, 100.0)])
def test_shares_are_rounded_to_one_decimal(part, whole, share):
    assert percent(part, whole) == share


def _opened(election, voters):
    from tests.factories import RollEntryFactory

    for _ in range(voters):
        RollEntryFactory(election=election)
    db.session.refresh(election)
    elections.open_election(election, SYSTEM)
    db.session.commit()
    assert db.session.query(Candidate).filter_by(election_id=election.id).count() == len(election.candidates)
    return election


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [(90, 10, "about one batch in 194 agrees"), (100, 0, "All ballots counted so far agree"), (50, 50, "in a million")],
)
def test_a_live_count_says_what_it_costs(first, second, words):
    election = make_open_election(voters=2, results_policy=ResultsPolicy.LIVE, live_batch=50)
    one, other = (candidate.id for candidate in election.candidates[:2])
    counts = ballots.Counts({one: first, other: second}, 0, 100, 100, 100, 0, 0, None)

    assert words in results._live_note(election, counts)
