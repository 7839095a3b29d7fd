from datetime import timedelta

from sqlalchemy import select

from models import AuthEvent, Challenge, LoginFailure, RateLimitHit, db, transaction, use_role
from services import identification
from services.clock import utc_now
from services.jobs.schedule import sweep
from tests.services.identification import acting


def sweep_as_worker():
    with use_role("sealer"):
        sweep(transaction)


def test_a_challenge_that_was_begun_and_left_is_recorded_and_its_frames_are_wiped(kiosk, started, actor, clock):
    challenge_id = started.challenge.ticket
    identification.submit_frames(kiosk, challenge_id, 0, acting.straight(), actor, 0)
    db.session.commit()
    clock.shift(timedelta(minutes=20))

    sweep_as_worker()

    challenge = db.session.scalar(select(Challenge))
    assert challenge.state == {}
    assert challenge.used_at is not None
    assert db.session.scalar(select(AuthEvent)).reason == identification.ABANDONED


def test_a_challenge_under_way_is_left_alone(kiosk, started, actor):
    identification.submit_frames(kiosk, started.challenge.ticket, 0, acting.straight(), actor, 0)
    db.session.commit()

    sweep_as_worker()

    challenge = db.session.scalar(select(Challenge))
    assert challenge.used_at is None
    assert challenge.state != {}


def test_old_failures_and_counters_are_forgotten_and_young_ones_kept(app):
    now = utc_now()
    db.session.add(LoginFailure(username="old", ip_address="127.0.0.1", created_at=now - timedelta(days=2)))
    db.session.add(LoginFailure(username="new", ip_address="127.0.0.1", created_at=now))
    db.session.add(RateLimitHit(key="old", count=1, expires_at=now - timedelta(seconds=1)))
    db.session.add(RateLimitHit(key="new", count=1, expires_at=now + timedelta(minutes=1)))
    db.session.commit()

    sweep_as_worker()

    assert list(db.session.scalars(select(LoginFailure.username))) == ["new"]
    assert list(db.session.scalars(select(RateLimitHit.key))) == ["new"]
