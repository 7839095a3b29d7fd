"""Proving the identity in an account: the live challenge, flags for what is odd, and help after three failures."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from models import AuthEvent, AuthResult, Channel, IdentityCheck, Review, db
from services import ballots, enrolment
from services.actor import Actor
from services.clock import utc_now
from services.identification import ChallengeOver, ChallengeUnknown, Verdict, reviews
from services.security import new_token
from services.voter_accounts import BallotState, account_right, find, identity, paper_of
from tests import factories
from tests.services.identification import acting
from tests.support import pictures
from tests.support.voter_accounts import ANYBODY, token_of, with_account


@pytest.fixture
def clock(app):
    with time_machine.travel(utc_now(), tick=False) as moving:
        yield moving


@pytest.fixture
def paper(clock):
    """The ballot of a voter whose election asks for the face."""
    election = factories.make_open_election(channels=["account", "booth"], identity_check=True)
    voter = with_account()
    factories.RollEntryFactory(election=election, voter=voter)
    acting.enrol(voter, person=7)
    return look(token_of(voter), election)


def look(token, election):
    return paper_of(find(token).id, election.public_id)


def again(paper):
    return paper_of(paper.session.id, paper.election.public_id)


def show(paper, clock, person=7, steps=None):
    """Go through a whole check as a person; return the last answer."""
    begun = identity.begin(paper.session, paper.election, ANYBODY)
    db.session.commit()
    ticket = str(begun.check.id)

    def send(done, frames, seq):
        answer = identity.submit(paper.session, paper.election, ticket, done, frames, ANYBODY, seq)
        db.session.commit()
        return answer

    wanted = begun.check.steps if steps is None else steps
    return acting.perform(send, lambda seconds: clock.shift(seconds), wanted, person)


def events():
    return list(db.session.scalars(select(AuthEvent).order_by(AuthEvent.id)))


def cast(paper):
    choice = ballots.parse_choice(paper.election, "nota")
    return ballots.cast(account_right(paper), choice, new_token(), ANYBODY).kind


def test_who_is_recognised_may_vote_in_this_session_for_a_quarter_of_an_hour(paper, clock):
    assert paper.state is BallotState.IDENTITY
    assert cast(paper) == "pass_over"
    verdict = show(paper, clock)
    assert (verdict.result, verdict.live) == (AuthResult.SUCCESS, True)
    assert verdict.confidence > 0.5
    proved = again(paper)
    assert proved.state is BallotState.GOOD
    assert look(token_of(paper.voter), paper.election).state is BallotState.IDENTITY
    event = events()[0]
    assert (event.channel, event.kiosk_id, event.review) == (Channel.ACCOUNT, None, None)
    clock.shift(timedelta(minutes=15, seconds=1))
    assert again(paper).state is BallotState.IDENTITY
    assert cast(proved) == "pass_over"
    db.session.scalar(select(IdentityCheck)).passed_at = utc_now()
    assert cast(again(paper)) == "cast"


def test_two_people_in_the_picture_are_a_flag(paper, clock):
    begun = identity.begin(paper.session, paper.election, ANYBODY)
    send = lambda frames, seq: identity.submit(  # noqa: E731
        paper.session, paper.election, str(begun.check.id), 0, frames, ANYBODY, seq
    )
    answer, seq = send(acting.straight(), 0), 0
    while not isinstance(answer, Verdict) and seq < 12:
        clock.shift(acting.CHUNK_SECONDS)
        seq += 1
        answer = send([acting.frame(faces=2) for _ in range(5)], seq)
    assert answer.result is AuthResult.UNKNOWN
    assert (events()[0].reason, events()[0].review) == ("several_faces", Review.PENDING)


def test_a_tiny_picture_is_a_flag_and_ends_the_check(paper):
    begun = identity.begin(paper.session, paper.election, ANYBODY)
    tiny = pictures.data_url(pictures.plain_picture((120, 120)), "png")
    verdict = identity.submit(paper.session, paper.election, str(begun.check.id), 0, [tiny], ANYBODY, 0)
    assert (verdict.result, verdict.reasons[0]) == (AuthResult.UNKNOWN, "picture_too_small")
    assert (events()[0].reason, events()[0].review) == ("picture_too_small", Review.PENDING)
    with pytest.raises(ChallengeOver):
        identity.submit(paper.session, paper.election, str(begun.check.id), 0, acting.straight(), ANYBODY, 1)


def failed_before(paper):
    """Leave the record of an earlier mismatch in the account."""
    db.session.add(
        AuthEvent(
            election_id=paper.election.id, voter_id=paper.voter.id, voter_id_input=paper.voter.voter_id,
            result=AuthResult.MISMATCH, reason="different_person", channel=Channel.ACCOUNT, liveness={"position": 4},
        )
    )  # fmt: skip
    db.session.commit()


def test_after_three_failures_the_commission_helps_and_can_let_the_voter_go_on(paper, clock):
    failed_before(paper)
    failed_before(paper)
    verdict = show(paper, clock, person=8)
    assert (verdict.result, verdict.tries_left, verdict.officer) == (AuthResult.MISMATCH, 0, True)
    assert again(paper).state is BallotState.IDENTITY
    event = events()[-1]
    assert (event.review, bool(event.snapshot_path)) == (Review.PENDING, True)
    assert identity.begin(paper.session, paper.election, ANYBODY).check is None
    assert identity.help_wanted(paper.session, paper.election)
    admin = Actor("admin", factories.StaffUserFactory().id, "ada")
    reviews.judge(event.id, "rejected", "It is her, with new glasses.", event.review_mark, admin)
    db.session.commit()
    assert again(paper).state is BallotState.GOOD
    assert cast(again(paper)) == "cast"


def test_a_voter_without_an_enrolled_face_is_helped_at_once_and_asked_about_once(paper):
    enrolment.withdraw(paper.voter.id, ANYBODY)
    for _ in range(2):
        assert identity.begin(paper.session, paper.election, ANYBODY).check is None
    assert [(event.reason, event.review) for event in events()] == [("not_enrolled", Review.PENDING)]


def test_asking_again_gives_the_same_check_and_leaving_a_begun_one_counts(paper, clock):
    first = identity.begin(paper.session, paper.election, ANYBODY)
    assert identity.begin(paper.session, paper.election, ANYBODY).check is first.check
    show(paper, clock, steps=first.check.steps[:1])
    elsewhere = look(token_of(paper.voter), paper.election)
    second = identity.begin(elsewhere.session, elsewhere.election, ANYBODY)
    assert second.check is not first.check
    assert [event.reason for event in events()] == ["abandoned"]
    clock.shift(timedelta(minutes=20))
    assert identity.end_expired(timedelta(minutes=10), ANYBODY) == 1
    assert [event.reason for event in events()] == ["abandoned"]


def test_a_silence_on_the_way_breaks_the_check_and_the_first_one_is_free(paper, clock):
    show(paper, clock, steps=identity.begin(paper.session, paper.election, ANYBODY).check.steps[:1])
    open_check = db.session.scalar(select(IdentityCheck).where(IdentityCheck.used_at.is_(None)))
    clock.shift(10)
    answer = identity.submit(paper.session, paper.election, str(open_check.id), 1, acting.straight(), ANYBODY, 90)
    assert (type(answer).__name__, answer.tries_left) == ("Interrupted", 2)
    assert identity.begin(paper.session, paper.election, ANYBODY).check is not None


def test_a_check_belongs_to_its_session(paper):
    begun = identity.begin(paper.session, paper.election, ANYBODY)
    other = look(token_of(paper.voter), paper.election)
    for ticket in (str(begun.check.id), "nothing"):
        with pytest.raises(ChallengeUnknown):
            identity.submit(other.session, other.election, ticket, 0, acting.straight(), ANYBODY, 0)


def test_an_election_that_asks_for_no_face_opens_the_ballot_at_once(app):
    election = factories.make_open_election(channels=["account", "booth"])
    voter = with_account()
    factories.RollEntryFactory(election=election, voter=voter)
    assert look(token_of(voter), election).state is BallotState.GOOD
