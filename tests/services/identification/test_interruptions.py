"""Frames that stop on the way: the first time is no failure, further ones are, and a lost verdict is given again."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from models import AuthEvent, AuthResult, BallotPass, Challenge, Review, db
from services import identification
from services.identification import ChallengeOver, Interrupted, Pending, Verdict
from services.identification.interruptions import SILENCE_SECONDS
from tests.services.identification import acting

LONG = SILENCE_SECONDS + 0.1
SHORT = SILENCE_SECONDS - 0.5
STRANGER = 93


def events():
    return db.session.scalars(select(AuthEvent).order_by(AuthEvent.id)).all()


@pytest.fixture
def send(kiosk, actor):
    def submit(start, frames=None, step=0, seq=None):
        given = acting.straight() if frames is None else frames
        return identification.submit_frames(kiosk, start.challenge.ticket, step, given, actor, seq)

    return submit


@pytest.fixture
def cut(send, clock):
    """Begin the first movement, let the line be down for some seconds, and send again."""

    def line(start, seconds=LONG):
        assert send(start, seq=0).demand != "straight"
        clock.shift(seconds)
        return send(start, seq=1)

    return line


def test_a_line_that_was_down_breaks_the_challenge_and_is_no_failure(started, cut, kiosk, voter):
    assert cut(started) == Interrupted(tries_left=2, officer=False)

    counted = identification.count(kiosk.election_id, voter.id)
    assert (counted.total, counted.challenges_failed, counted.interruptions) == (0, 0, 1)
    (event,) = events()
    assert (event.reason, event.result, event.review) == ("interrupted", AuthResult.UNKNOWN, None)
    assert db.session.get(Challenge, started.challenge.id).state == {}


def test_after_it_a_fresh_challenge_opens_the_ballot(started, cut, kiosk, voter, actor, play):
    cut(started)
    again = identification.start(kiosk, voter.voter_id, actor)

    assert again.challenge.id != started.challenge.id
    assert again.tries_left == 2
    assert play(again).result is AuthResult.SUCCESS


def test_a_short_silence_goes_on(started, cut):
    assert isinstance(cut(started, SHORT), Pending)
    assert events() == []


def test_the_second_line_that_was_down_counts_and_is_reviewed(started, cut, kiosk, voter, actor):
    cut(started)
    outcome = cut(identification.start(kiosk, voter.voter_id, actor))

    assert outcome.tries_left == 1
    assert [event.review for event in events()] == [None, Review.PENDING]


def test_pulling_the_cable_gives_no_endless_tries(started, cut, kiosk, voter, actor):
    begun, outcomes = started, []
    while begun.challenge is not None:
        outcomes.append(cut(begun))
        begun = identification.start(kiosk, voter.voter_id, actor)

    assert outcomes[-1] == Interrupted(tries_left=0, officer=True)
    assert len(outcomes) == 3
    assert not begun.lookup.eligible


def test_the_free_break_of_the_line_gives_no_free_failure(started, cut, play, kiosk, voter, actor):
    acting.failed_before(kiosk, voter, AuthResult.UNKNOWN, position=1)
    cut(started)
    again = identification.start(kiosk, voter.voter_id, actor)
    again.challenge.steps = ["left", "right", "blink"]

    assert play(again, steps=["right"]).officer


def test_before_the_first_movement_nothing_is_used_up(started, send, kiosk, voter, actor, clock, play):
    send(started, [acting.frame(faces=0)], seq=0)
    clock.shift(LONG)
    assert send(started, seq=1) == Interrupted(tries_left=2, officer=False)
    again = identification.start(kiosk, voter.voter_id, actor)

    assert events() == []
    assert (again.challenge.id, again.challenge.steps) == (started.challenge.id, started.challenge.steps)
    assert play(again).result is AuthResult.SUCCESS


def test_an_outage_longer_than_the_challenge_is_no_failure_either(started, cut, kiosk, voter):
    assert isinstance(cut(started, seconds=300), Interrupted)
    assert identification.count(kiosk.election_id, voter.id).total == 0


def test_frames_of_before_and_after_a_silence_are_never_put_together(started, send, clock):
    """Whoever pauses the line inside a movement gains no time: the challenge is gone."""
    send(started, seq=0)
    clock.shift(0.7)
    send(started, acting.movement(started.challenge.steps[0])[:3], seq=1)
    clock.shift(LONG)
    assert isinstance(send(started, acting.movement(started.challenge.steps[0])[3:9], seq=2), Interrupted)
    with pytest.raises(ChallengeOver):
        send(started, seq=3)


def test_the_silence_counts_from_the_answer_of_a_busy_server(started, send, clock, monkeypatch):
    from services.context import platform

    service = type(platform().faces)
    work = service.advance

    def slowly(self, *given):
        clock.shift(6)
        return work(self, *given)

    monkeypatch.setattr(service, "advance", slowly)
    send(started, [acting.frame(faces=0)], seq=0)
    clock.shift(1)
    assert isinstance(send(started, [acting.frame(faces=0)], seq=1), Pending)


def deciding(send, started, clock, person):
    """Act the challenge out; return the number of the last chunk and its verdict."""
    for seq, (done, frames) in enumerate(acting.performance(started.challenge.steps, person)):
        clock.shift(acting.CHUNK_SECONDS)
        outcome = send(started, frames, done, seq)
        if not isinstance(outcome, Pending):
            return seq, outcome
    raise AssertionError("no verdict came")


@pytest.mark.parametrize("person", [7, STRANGER])
def test_a_verdict_whose_answer_was_lost_is_given_again(person, started, send, clock):
    seq, verdict = deciding(send, started, clock, person)
    clock.shift(20)
    again = send(started, seq=seq)

    assert isinstance(again, Verdict)
    assert (again.result, again.distance, again.live, again.reasons, again.tries_left, again.officer) == (
        verdict.result, verdict.distance, verdict.live, verdict.reasons, verdict.tries_left, verdict.officer
    )  # fmt: skip
    assert len(events()) == 1
    assert db.session.scalar(select(func.count()).select_from(BallotPass)) == (person == 7)


@pytest.mark.parametrize("other", [-1, 1, None])
def test_only_the_chunk_that_decided_gets_the_verdict_again(other, started, send, clock):
    seq, _verdict = deciding(send, started, clock, 7)
    with pytest.raises(ChallengeOver):
        send(started, seq=None if other is None else seq + other)


def test_a_success_is_not_given_again_when_its_ballot_is_over(started, send, clock, kiosk, actor):
    seq, _verdict = deciding(send, started, clock, 7)
    identification.leave(kiosk, actor)
    with pytest.raises(ChallengeOver):
        send(started, seq=seq)


def test_a_broken_challenge_has_no_verdict_to_give_again(started, cut, send):
    cut(started)
    with pytest.raises(ChallengeOver):
        send(started, seq=0)
