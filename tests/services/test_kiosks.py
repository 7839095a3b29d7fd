"""Booth kiosks."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import AuditLog, db
from services import elections, kiosks
from services.actor import SYSTEM, Actor
from services.security import hash_token
from tests import factories

OFFICER = Actor(role="officer", id=3, name="olga", ip="198.51.100.1")


@pytest.fixture
def opened(open_election):
    officer = factories.StaffUserFactory()
    return [kiosks.open_kiosk(open_election, officer, OFFICER) for _ in range(2)]


def test_kiosks_are_numbered_by_election_and_keep_only_the_hash_of_their_token(opened, app):
    (first, token), (second, other) = opened
    assert (first.name, second.name) == ("Booth 1", "Booth 2")
    assert token != other
    assert first.token_hash == hash_token(token)
    assert first.ip_address == OFFICER.ip
    elsewhere, _ = kiosks.open_kiosk(factories.make_open_election(), factories.StaffUserFactory(), OFFICER)
    assert elsewhere.name == "Booth 1"


def test_a_kiosk_is_found_by_its_own_token_until_it_is_ended(opened):
    (first, token), (second, other) = opened
    assert kiosks.find_open(token) == first
    kiosks.end_kiosk(first.id, OFFICER)
    assert kiosks.find_open(token) is None
    assert kiosks.find_open(other) == second
    assert kiosks.find_open("") is None


def test_opening_and_ending_are_audited_with_name_and_person(opened):
    kiosks.end_kiosk(opened[0][0].id, OFFICER)
    db.session.flush()
    rows = db.session.scalars(select(AuditLog).where(AuditLog.event_type.like("staff:kiosk:%")).order_by(AuditLog.id))
    assert [(row.event_type, row.actor, row.details) for row in rows] == [
        ("staff:kiosk:opened", "olga", {"kiosk": "Booth 1"}),
        ("staff:kiosk:opened", "olga", {"kiosk": "Booth 2"}),
        ("staff:kiosk:ended", "olga", {"kiosk": "Booth 1"}),
    ]


def test_a_kiosk_stays_when_its_election_closes_and_follows_a_reset(opened, open_election):
    (_kiosk, token), _ = opened
    elections.close_election(open_election, SYSTEM)
    assert kiosks.find_open(token).election_id == open_election.id
    fresh = elections.reset_election(open_election, SYSTEM)
    db.session.expire_all()
    assert kiosks.find_open(token).election_id == fresh.id


def test_an_ended_kiosk_does_not_follow_a_reset(opened, open_election):
    kiosk = opened[0][0]
    kiosks.end_kiosk(kiosk.id, OFFICER)
    elections.reset_election(open_election, SYSTEM)
    db.session.expire_all()
    assert kiosk.election_id == open_election.id
