"""Overrides: how often officers identified by document, and the words that must not hold a document's number."""

from __future__ import annotations

import pytest

from models import AuthEvent, AuthResult, StaffRole, db
from services.identification import document
from services.identification.document import StaffForm
from services.identification.staff_form import holds_a_number
from tests import factories
from tests.factories import PASSWORD

REASON = "The camera of this booth is broken"


def identified_by_face(kiosk, voter):
    event = AuthEvent(
        election_id=kiosk.election_id, kiosk_id=kiosk.id, voter_id=voter.id, voter_id_input=voter.voter_id,
        result=AuthResult.SUCCESS,
    )  # fmt: skip
    db.session.add(event)
    db.session.flush()
    return event


def test_overrides_are_counted_by_kiosk_and_officer_beside_the_average(kiosk, make_kiosk, actor, open_election):
    officer, second = (factories.StaffUserFactory(role=StaffRole.OFFICER) for _ in range(2))
    quiet = make_kiosk()
    for booth, first, by_face in ((kiosk, officer, 1), (kiosk, officer, 0), (kiosk, second, 0), (quiet, second, 4)):
        voter = factories.RollEntryFactory(election=open_election).voter
        other = officer if first is second else second
        form = StaffForm(voter.voter_id, "other", REASON, first.username, PASSWORD, other.username, PASSWORD)
        assert document.identify(booth, form, actor).code == "identified"
        for _ in range(by_face):
            identified_by_face(booth, voter)
    counts = document.override_counts(open_election)

    assert [(row.kiosk, row.officer, row.count) for row in counts] == [
        (kiosk.name, officer.username, 2), (kiosk.name, second.username, 1), (quiet.name, second.username, 1),
    ]  # fmt: skip
    assert [row.share for row in counts] == [pytest.approx(share) for share in (2 / 4, 1 / 4, 1 / 5)]
    assert [row.booth_average for row in counts] == [pytest.approx(4 / 9)] * 3


def test_without_overrides_there_is_nothing_to_count(kiosk, voter, open_election):
    identified_by_face(kiosk, voter)
    assert document.override_counts(open_election) == []


@pytest.mark.parametrize("text", ["L01X00T47", "12 345 678", "12-34-56", "20.481.735", "No. 123456"])
def test_the_number_of_a_document_is_recognised(text):
    assert holds_a_number(f"Passport {text} shown")


@pytest.mark.parametrize("text", ["Camera 2 failed at 14:05", "Tried 3 times, then 2 more", "Card of 2019", "Bandage"])
def test_times_and_counts_are_no_document_number(text):
    assert not holds_a_number(text)
