"""Many requests at once for one challenge, each in a transaction of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from models import AuthEvent, AuthResult, BallotPass, Kiosk, StaffRole, db, transaction
from services import identification, kiosks
from services.actor import SYSTEM
from services.identification import ChallengeOver
from tests import factories
from tests.services.identification import acting

pytestmark = pytest.mark.commits
AT_ONCE = 6


@pytest.fixture
def app_without_liveness(make_committing_app):
    """Three straight frames are enough where liveness is off (development only)."""
    app = make_committing_app(LIVENESS="off")
    with app.app_context():
        yield app


def test_a_challenge_sent_many_times_at_once_opens_one_ballot(app_without_liveness):
    election = factories.make_open_election()
    voter = acting.only_voter(election)
    acting.enrol(voter)
    kiosk, _token = kiosks.open_kiosk(election, factories.StaffUserFactory(role=StaffRole.OFFICER), SYSTEM)
    with transaction():
        begun = identification.start(kiosk, voter.voter_id, SYSTEM)
        challenge_id, kiosk_id = begun.challenge.ticket, kiosk.id
        assert begun.challenge.steps == []
    frames = acting.straight()

    def submit(_number):
        with app_without_liveness.app_context():
            try:
                with transaction():
                    kiosk = db.session.get(Kiosk, kiosk_id)
                    return identification.submit_frames(kiosk, challenge_id, 0, frames, SYSTEM).result
            except ChallengeOver:
                return None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(submit, range(AT_ONCE)))

    assert sorted(results, key=str) == [None] * (AT_ONCE - 1) + [AuthResult.SUCCESS]
    assert db.session.scalar(select(func.count()).select_from(BallotPass)) == 1
    event = db.session.scalars(select(AuthEvent)).one()
    assert event.liveness["liveness_on"] is False
