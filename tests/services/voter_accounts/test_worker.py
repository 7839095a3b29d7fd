"""What the worker forgets of accounts, with the rights that its database role really has."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from models import IdentityCheck, OneTimeCode, Registration, db, transaction, use_role
from services.clock import utc_now
from services.jobs import sweeping
from services.voter_accounts import find, identity
from tests import factories
from tests.services.identification import acting
from tests.support.voter_accounts import ANYBODY, register, token_of, with_account


@pytest.mark.commits
def test_the_worker_may_forget_what_is_over(committing_app):
    register()
    election = factories.make_open_election(channels=["account", "booth"], identity_check=True)
    voter = with_account()
    factories.RollEntryFactory(election=election, voter=voter)
    acting.enrol(voter)
    identity.begin(find(token_of(voter)), election, ANYBODY)
    db.session.commit()
    with time_machine.travel(utc_now() + timedelta(hours=25)), use_role("sealer"):
        with transaction():
            sweeping.end_challenges()
        with transaction():
            sweeping.forget()
        assert db.session.scalar(select(IdentityCheck.used_at)) is not None
        counts = [db.session.scalar(select(func.count()).select_from(kind)) for kind in (Registration, OneTimeCode)]
        assert counts == [0, 0]
