"""A ballot that ends without a vote: left, abandoned, or run out by itself; the booth sheet tells them apart."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import AuditLog, db
from services import ballots, booth_sheet, identification
from services.ballots import Choice
from services.identification import NoPass
from tests.support.voting import new_key


@pytest.fixture
def opened(started, play, kiosk):
    play(started)
    return identification.present_pass(kiosk)


def figures(kiosk):
    """Return the sums of the only booth's sheet, which must balance."""
    (sheet,) = booth_sheet.sheets(kiosk.election)
    assert sheet.balanced
    return sheet.total


def audits(event_type):
    return db.session.scalars(select(AuditLog).where(AuditLog.event_type == event_type)).all()


def test_an_abandoned_ballot_counts_as_expired_and_has_an_audit_row_of_its_own(opened, kiosk, actor, voter, clock):
    clock.shift(120)
    assert identification.abandon(kiosk, actor) is True

    assert (opened.used_at, opened.ended_at == opened.expires_at) == (None, True)
    with pytest.raises(NoPass):
        identification.present_pass(kiosk)
    (row,) = audits("kiosk:ballot:abandoned")
    assert row.details == {"kiosk": kiosk.name, "voter_number": voter.voter_id}
    assert audits("kiosk:ballot:returned") == []
    db.session.commit()
    assert (figures(kiosk).checkins, figures(kiosk).expired, figures(kiosk).left) == (1, 1, 0)


def test_a_ballot_that_had_run_out_before_stays_run_out(opened, kiosk, actor, clock):
    over = opened.expires_at
    clock.shift(600)
    assert identification.abandon(kiosk, actor) is True
    assert opened.expires_at == over
    assert figures(kiosk).expired == 1


def test_an_abandoned_ballot_cannot_be_cast_any_more(opened, kiosk, actor, voter, clock):
    identification.abandon(kiosk, actor)
    db.session.commit()
    clock.shift(1)
    late = identification.pass_to_cast(kiosk, voter.voter_id)
    assert ballots.cast_with_pass(late, Choice(nota=True), new_key(), actor).kind == "pass_over"
    assert figures(kiosk).votes == 0


def test_who_abandoned_a_ballot_can_come_again(opened, kiosk, actor, voter, make_kiosk, play):
    identification.abandon(kiosk, actor)
    other = make_kiosk()
    assert identification.start(other, voter.voter_id, actor).lookup.eligible
    play(identification.start(kiosk, voter.voter_id, actor))
    assert identification.present_pass(kiosk).id != opened.id


def test_nothing_is_abandoned_in_an_empty_booth_or_after_the_vote(opened, kiosk, actor):
    assert ballots.cast_with_pass(opened, Choice(nota=True), new_key(), actor).kind == "cast"
    db.session.expire_all()

    assert identification.abandon(kiosk, actor) is False
    assert audits("kiosk:ballot:abandoned") == []
    assert figures(kiosk).votes == 1


def test_who_leaves_is_counted_as_left_and_can_come_again(opened, kiosk, actor, voter, clock):
    clock.shift(30)
    identification.leave(kiosk, actor)
    db.session.commit()

    assert (opened.used_at, opened.ended_at is None) == (None, False)
    assert len(audits("kiosk:ballot:returned")) == 1
    assert (figures(kiosk).left, figures(kiosk).expired) == (1, 0)
    assert identification.start(kiosk, voter.voter_id, actor).lookup.eligible


def test_a_ballot_whose_browser_died_runs_out_by_itself(opened, kiosk, actor, voter, clock):
    clock.shift(179)
    assert (figures(kiosk).waiting, figures(kiosk).expired) == (1, 0)
    clock.shift(2)
    assert (figures(kiosk).waiting, figures(kiosk).expired) == (0, 1)
    assert identification.has_run_out(kiosk)
    assert identification.start(kiosk, voter.voter_id, actor).lookup.eligible
