"""The open ballot: three minutes, three extensions, handed back without a vote."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import AuditLog, AuthEvent, AuthResult, db
from services import identification
from services.errors import NotFound
from services.identification import NoPass
from services.identification.booth import kiosk_of
from services.kiosks import end_kiosk
from tests import factories


@pytest.fixture
def opened(started, play, kiosk):
    play(started)
    return identification.present_pass(kiosk)


def test_a_ballot_closes_after_three_minutes(opened, kiosk, clock):
    assert identification.seconds_left(opened) == 180
    clock.shift(181)

    assert identification.seconds_left(opened) == 0
    with pytest.raises(NoPass):
        identification.present_pass(kiosk)


def test_more_time_is_given_three_times(opened, kiosk, actor, clock):
    for _ in range(3):
        clock.shift(170)
        assert identification.seconds_left(identification.more_time(kiosk, actor)) == 180

    assert identification.more_time(kiosk, actor) is None


def test_more_time_needs_an_open_ballot(kiosk, actor):
    with pytest.raises(NoPass):
        identification.more_time(kiosk, actor)


def test_leaving_ends_the_ballot_without_a_vote(opened, kiosk, actor):
    identification.leave(kiosk, actor)

    assert opened.ended_at is not None
    assert opened.used_at is None
    with pytest.raises(NoPass):
        identification.present_pass(kiosk)
    assert db.session.scalars(select(AuditLog).where(AuditLog.event_type == "kiosk:ballot:returned")).one()


def test_leaving_an_empty_booth_is_no_error(kiosk, actor):
    identification.leave(kiosk, actor)

    assert db.session.scalars(select(AuthEvent)).all() == []


def test_a_cast_finds_the_pass_of_its_voter_at_this_kiosk_only(opened, kiosk, make_kiosk, voter):
    assert identification.pass_to_cast(kiosk, voter.voter_id).id == opened.id
    assert identification.pass_to_cast(kiosk).id == opened.id
    with pytest.raises(NoPass):
        identification.pass_to_cast(make_kiosk(), voter.voter_id)
    with pytest.raises(NoPass):
        identification.pass_to_cast(kiosk, factories.with_check_digit(9999999))


def test_who_has_not_voted_is_not_said_to_have(kiosk, voter):
    assert not identification.has_voted(kiosk, voter.voter_id)
    assert not identification.has_voted(kiosk, "no such number")


def test_calling_the_officer_is_noted(kiosk, actor):
    identification.call_officer(kiosk, actor)

    assert db.session.scalars(select(AuditLog).where(AuditLog.event_type == "kiosk:officer:called")).one()


def test_an_ended_kiosk_is_no_kiosk(kiosk, actor):
    assert kiosk_of(kiosk.id) is kiosk
    end_kiosk(kiosk.id, actor)

    with pytest.raises(NotFound):
        kiosk_of(kiosk.id)


def test_a_success_is_not_counted_as_a_failure(opened, kiosk, voter):
    counted = identification.count(kiosk.election_id, voter.id)
    assert (counted.total, counted.tries_left) == (0, 2)
    assert db.session.scalars(select(AuthEvent.result)).all() == [AuthResult.SUCCESS]
