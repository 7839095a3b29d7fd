"""A ranked ballot from the fields of its form to the ballots and rounds of the count."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import Ballot, BoxBallot, Election, Method, RecordedChoice, Secrecy, Vote, db, use_role
from services import ballots, elections
from services.actor import SYSTEM
from services.ballots import Choice, parse_choice
from services.ballots.choices import describe
from services.ballots.rankings import place_words
from services.errors import ValidationFailed
from tests import factories
from tests.support import voting
from tests.support.ranked import candidates_of, rank


@pytest.fixture
def ranked(app):
    return factories.make_open_election(candidates=4, method=Method.RANKED)


def ids(election):
    return [one.id for one in candidates_of(election)]


def form(election, *places):
    """Return the fields of a form: a place for each name in ballot order, NOTA last."""
    return dict(zip([*map(str, ids(election)), "nota"], places, strict=True))


def counted(election):
    """Close and count an election; return its number, for its object belongs to a session that is over."""
    number = election.id
    elections.close_election(election, SYSTEM)
    db.session.commit()
    voting.seal_all()
    return number


def test_the_places_of_a_form_make_an_order(ranked):
    one, two, three, _four = ids(ranked)
    assert parse_choice(ranked, form(ranked, "2", "1", "3", "0", "0")) == Choice((two, one, three))
    assert parse_choice(ranked, form(ranked, "", "1", "", "", "")) == Choice((two,))
    assert parse_choice(ranked, form(ranked, "0", "0", "0", "0", "1")) == Choice(nota=True)


REFUSED = {
    ("1", "1", "2", "0", "0"): "2 names have the 1st choice. Give each choice to one name.",
    ("1", "3", "0", "0", "0"): "No name has the 2nd choice. Number your choices without a gap.",
    ("0", "2", "0", "0", "0"): "No name has the 1st choice. Number your choices without a gap.",
    ("0", "0", "0", "0", "0"): "Give one name your 1st choice. Or choose none of the above.",
    ("1", "0", "0", "0", "1"): "You ranked names and chose none of the above. Choose one of the two.",
    ("first", "0", "0", "0", "0"): "Number the names 1, 2, 3 and so on, in your order.",
    ("-1", "0", "0", "0", "0"): "Number the names 1, 2, 3 and so on, in your order.",
}


def test_an_order_that_cannot_be_counted_is_refused_in_words(ranked):
    for places, words in REFUSED.items():
        with pytest.raises(ValidationFailed) as refused:
            parse_choice(ranked, form(ranked, *places))
        assert refused.value.fields == {"choice": words}


def test_a_place_for_somebody_who_is_not_on_the_ballot_is_refused(ranked):
    with pytest.raises(ValidationFailed):
        parse_choice(ranked, {"999999": "1"})
    with pytest.raises(ValidationFailed):
        parse_choice(factories.make_open_election(), {"1": "1"})


def test_places_are_said_as_they_are_spoken():
    said = [place_words(place).split()[0] for place in (1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111)]
    assert said == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th"]


def test_a_ballot_is_as_long_with_one_preference_as_with_all(ranked):
    rank(ranked, 2)
    rank(ranked, 3, 1, 0, 2)
    rank(ranked)
    with use_role("sealer"):
        sizes = {len(bytes(one)) for one in db.session.scalars(select(BoxBallot.sealed_payload))}
    assert len(sizes) == 1


def test_the_order_of_a_secret_ballot_is_sealed_and_counted_as_it_was_cast(ranked):
    one, two, three, _four = ids(ranked)
    for places in ((0, 2), (0, 2), (1, 2), (1, 2), (2, 0), ()):
        rank(ranked, *places)
    number = counted(ranked)
    with use_role("sealer"):
        cast = sorted(tuple(payload["candidates"]) for payload in db.session.scalars(select(Ballot.payload)))
    assert cast == sorted([(one, three), (one, three), (two, three), (two, three), (three, one), ()])
    count = ballots.counts(db.session.get_one(Election, number)).ranked
    assert count is not None
    assert count.elected == (one,)  # three's ballot moves to one: three of five
    assert (count.valid, count.invalid) == (5, 1)


def test_a_recorded_ranking_is_stored_with_the_voter_and_named_in_its_order(app):
    election = factories.make_open_election(candidates=3, method=Method.RANKED, secrecy=Secrecy.RECORDED)
    one, _two, three = ids(election)
    rank(election, 2, 0)
    kept = db.session.execute(select(RecordedChoice.rank, RecordedChoice.candidate_id).order_by(RecordedChoice.rank))
    assert list(kept) == [(1, three), (2, one)]
    said = describe(election, Choice((three, one)))
    assert said.startswith("1. Party")
    assert ", 2. Party" in said
    count = ballots.counts(db.session.get_one(Election, counted(election))).ranked
    assert count is not None
    assert count.elected == (three,)


def test_every_mark_of_a_recorded_vote_is_stored_and_counted(app):
    """Drafts from before there were methods say plurality whatever number of marks they allow."""
    election = factories.make_open_election(
        candidates=3, method=Method.PLURALITY, secrecy=Secrecy.RECORDED, max_choices=2
    )
    one, _two, three = ids(election)
    assert election.method is Method.APPROVAL
    voting.cast_by(voting.voters_of(election)[0], election, parse_choice(election, [three, one]))
    marks = db.session.scalars(select(RecordedChoice.candidate_id).join(Vote).where(Vote.election_id == election.id))
    assert set(marks) == {one, three}
    assert ballots.counts(election).per_candidate == {one: 1, three: 1}
