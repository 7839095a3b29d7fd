"""The demo: complete, once, and nothing of it where real elections run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from models import Candidate, Election, ElectionStatus, Party, RollEntry, Secrecy, StaffRole, StaffUser, Voter, db
from services import accounts, ballots, elections, seed
from services.actor import Actor
from services.context import platform
from services.security import hash_password
from services.voters import is_voter_number
from tests import factories
from tests.factories import PASSWORD
from tests.support import routes

HERE = Actor(role="anonymous", ip="198.51.100.1")


@pytest.fixture
def settings(app, monkeypatch):
    """Change the settings of the running application."""

    def change(**values):
        monkeypatch.setattr(platform(), "settings", replace(platform().settings, **values))

    change(admin_default_pass_hash=hash_password(PASSWORD, cost=4), admin_default_user="admin")
    return change


def all_of(model):
    return db.session.scalars(select(model)).all()


def test_the_demo_holds_the_ordered_fixture(settings):
    report = seed.seed()
    db.session.flush()

    assert {(user.username, user.role) for user in all_of(StaffUser)} == {
        ("admin", StaffRole.ADMIN), ("officer", StaffRole.OFFICER),
    }  # fmt: skip
    assert len(all_of(Voter)) == len(report.voters) == 2
    assert all(is_voter_number(voter.voter_id) for voter in all_of(Voter))
    secret, recorded = sorted(all_of(Election), key=lambda election: election.id)
    assert (secret.secrecy, recorded.secrecy) == (Secrecy.SECRET, Secrecy.RECORDED)
    for election in (secret, recorded):
        assert election.status is ElectionStatus.ACTIVE
        assert elections.roll_counts(election) == (0, 2)
        assert ballots.definition_intact(election)
        assert all(choice["image_path"] and choice["symbol_path"] for choice in ballots.choices_of(election))
    assert len(all_of(Candidate)) == 10
    assert len(all_of(Party)) == 4


def test_the_passwords_work_and_the_officers_is_shown_once(settings):
    report = seed.seed()
    assert accounts.authenticate("officer", report.officer_password, HERE).user.role is StaffRole.OFFICER
    assert accounts.authenticate("admin", PASSWORD, HERE).user.role is StaffRole.ADMIN
    assert report.officer_password in "\n".join(report.lines())
    again = seed.seed()
    assert again.officer_password is None
    assert "shown once" not in "\n".join(again.lines())
    assert [line for line in again.lines() if line.startswith("Voter ID")] == [
        line for line in report.lines() if line.startswith("Voter ID")
    ]


def test_the_password_is_no_word_that_was_shipped(settings):
    first = seed.seed().officer_password
    assert len(first) >= 16
    db.session.delete(db.session.scalar(select(StaffUser).where(StaffUser.username == "officer")))
    db.session.flush()
    assert seed.seed().officer_password != first


def test_seeding_twice_changes_nothing(settings):
    seed.seed()
    db.session.commit()
    before = routes.row_counts()
    seed.seed()
    db.session.commit()
    assert routes.row_counts() == before


def test_an_installation_with_an_election_of_its_own_gets_the_staff_only(settings):
    mine = factories.ElectionFactory()
    seed.seed()
    assert all_of(Election) == [mine]
    assert all_of(Voter) == []
    assert db.session.scalar(select(func.count()).select_from(RollEntry)) == 0


def test_production_gets_no_officer_with_a_known_name(settings):
    settings(app_env="production")
    report = seed.seed()
    assert report.officer_password is None
    assert [user.username for user in all_of(StaffUser)] == ["admin"]


def test_production_gets_no_demo_elections_and_no_demo_voters(settings):
    settings(app_env="production")
    assert seed.seed().voters == []
    assert all_of(Election) == []
    assert all_of(Voter) == []


def test_without_a_hash_there_is_no_admin(settings):
    settings(admin_default_pass_hash="")
    seed.seed()
    assert [user.username for user in all_of(StaffUser)] == ["officer"]


def test_an_admin_who_is_there_keeps_the_password(settings):
    seed.seed()
    settings(admin_default_pass_hash=hash_password("another password", cost=4))
    seed.seed()
    assert accounts.authenticate("admin", PASSWORD, HERE).user is not None
    assert accounts.authenticate("admin", "another password", HERE).user is None
