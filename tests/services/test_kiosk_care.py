"""Signs of life of the booths, and stopping one from the desk."""

import threading
from datetime import timedelta

import pytest
import time_machine

from models import AuditLog, AuthEvent, BallotPass, Challenge, Kiosk, KioskUse, StaffRole, db
from services import ballots, booth_sheet, identification, kiosks
from services.actor import Actor
from services.clock import utc_now
from services.errors import Conflict, NotFound
from services.identification import NoPass
from services.kiosks import SILENT_AFTER, Sign
from tests import factories
from tests.services.identification import acting
from tests.support import voting


@pytest.fixture
def election(app):
    return factories.make_open_election(voters=2)


@pytest.fixture
def kiosk(election):
    return voting.make_kiosk(election)


@pytest.fixture
def officer(app):
    user = factories.StaffUserFactory(role=StaffRole.OFFICER)
    return Actor("officer", user.id, user.username)


def only(election, now=None):
    (booth,) = kiosks.booths(election, now or utc_now())
    return booth


def test_a_sign_of_life_tells_from_the_tables_what_goes_on(election, kiosk):
    voter, _other = voting.voters_of(election)
    acting.enrol(voter)
    assert kiosks.sign_of_life(kiosk) is KioskUse.IDLE
    identification.start(kiosk, voter.voter_id, voting.KIOSK)
    assert kiosks.sign_of_life(kiosk) is KioskUse.IDENTIFYING
    voting.make_pass(election, voter, kiosk)
    assert kiosks.sign_of_life(kiosk) is KioskUse.VOTING
    assert only(election).sign is Sign.IN_USE
    with time_machine.travel(utc_now() + timedelta(minutes=4), tick=False):
        assert kiosks.sign_of_life(kiosk) is KioskUse.IDLE
        assert kiosk.last_seen_at == utc_now()
        assert only(election).sign is Sign.READY


def test_a_booth_is_silent_after_two_minutes_and_not_before(election, kiosk):
    seen = kiosk.last_seen_at
    assert only(election, seen + SILENT_AFTER).sign is Sign.READY
    late = only(election, seen + timedelta(minutes=6))
    assert (late.sign, late.silence) == (Sign.SILENT, timedelta(minutes=6))


def test_a_stopped_booth_ends_its_session_its_ballot_and_its_check(election, kiosk, officer):
    voter, other = voting.voters_of(election)
    acting.enrol(voter)
    token_owner = voting.make_pass(election, other, kiosk)
    begun = identification.new_challenge(kiosk, voter)
    begun.state = {"run": {"position": 2}}
    db.session.commit()

    kiosks.stop_kiosk(kiosk.id, "Somebody stands on the table.", officer)
    db.session.commit()

    assert kiosk.ended_at is not None
    assert (only(election).sign, only(election).stopped_by) == (Sign.STOPPED, officer.name)
    assert db.session.get(BallotPass, token_owner.id).ended_at is not None
    challenge = db.session.get(Challenge, begun.id)
    assert (challenge.used_at is None, challenge.state) == (False, {})
    assert db.session.query(AuthEvent).filter_by(voter_id=voter.id).count() == 0, "a failure against the voter"
    with pytest.raises(NoPass):
        identification.present_pass(kiosk)
    rows = db.session.query(AuditLog).order_by(AuditLog.id.desc()).limit(2).all()
    assert [row.event_type for row in rows] == ["staff:kiosk:stopped", "kiosk:ballot:returned"]
    assert rows[0].details == {"kiosk": "Booth 1", "reason": "Somebody stands on the table."}
    assert rows[0].actor == officer.name
    assert booth_sheet.sheets(election)[0].balanced


def test_a_ballot_of_a_stopped_booth_is_not_cast(election, kiosk, officer):
    given = voting.make_pass(election, voting.voters_of(election)[0], kiosk)
    kiosks.stop_kiosk(kiosk.id, "Fire alarm", officer)
    assert ballots.cast_with_pass(given, ballots.Choice(nota=True), voting.new_key(), voting.KIOSK).kind == "pass_over"


def test_a_booth_is_stopped_once_and_an_ended_one_never(election, kiosk, officer):
    kiosks.stop_kiosk(kiosk.id, "Fire alarm", officer)
    with pytest.raises(Conflict):
        kiosks.stop_kiosk(kiosk.id, "Again", officer)
    other = voting.make_kiosk(election)
    kiosks.end_kiosk(other.id, officer)
    with pytest.raises(Conflict):
        kiosks.stop_kiosk(other.id, "Late", officer)
    with pytest.raises(NotFound):
        kiosks.stop_kiosk(999_999, "Which?", officer)


def test_only_a_token_of_a_stopped_booth_counts_as_stopped(election, officer):
    user = factories.StaffUserFactory()
    kiosk, token = kiosks.open_kiosk(election, user, officer)
    _ended, other = kiosks.open_kiosk(election, user, officer)
    db.session.flush()
    assert not kiosks.was_stopped(token)
    kiosks.stop_kiosk(kiosk.id, "Fire alarm", officer)
    kiosks.end_kiosk(_ended.id, officer)
    db.session.flush()
    assert kiosks.was_stopped(token)
    assert not any(kiosks.was_stopped(value) for value in (other, "", None, 7))


@pytest.mark.commits
def test_a_cast_under_way_is_waited_for_and_stands(committing_app):
    election = factories.make_open_election()
    kiosk = voting.make_kiosk(election)
    given = voting.make_pass(election, voting.voters_of(election)[0], kiosk)
    officer = factories.StaffUserFactory(role=StaffRole.OFFICER)
    actor, kiosk_id, election_id = Actor("officer", officer.id, officer.username), kiosk.id, election.id
    db.session.commit()
    assert ballots.cast_with_pass(given, ballots.Choice(nota=True), voting.new_key(), voting.KIOSK).kind == "cast"

    def stop():
        with committing_app.app_context():
            kiosks.stop_kiosk(kiosk_id, "Fire alarm", actor)
            db.session.commit()

    stopper = threading.Thread(target=stop)
    stopper.start()
    stopper.join(1)
    waited = stopper.is_alive()
    db.session.commit()
    stopper.join(120)

    assert waited
    assert db.session.get(Kiosk, kiosk_id, populate_existing=True).ended_at is not None
    (sheet,) = booth_sheet.sheets(db.session.get(type(election), election_id))
    assert (sheet.total.votes, sheet.balanced) == (1, True)
