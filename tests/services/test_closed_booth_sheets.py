"""Booth sheets of a closed election: written down once, the same ever after, whatever is erased."""

from contextlib import nullcontext
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from models import AuthEvent, BallotPass, ClosedBoothSheets, StaffRole, db, transaction, use_role
from services import booth_sheet, elections, retention
from services.actor import SYSTEM, Actor
from services.booth_sheet import Figures, SheetsUnbalanced
from services.clock import utc_now
from services.context import platform
from services.storage import FRAUD_ATTEMPTS
from tests import factories
from tests.support import voting
from tests.support.checkins import MORNING, make_booth, tamper

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def election():
    """An election with a vote, a voter who left, a refusal and a recognised voter without a ballot."""
    made = factories.make_recorded_election()
    booth = make_booth(made)
    booth.voted(MORNING)
    booth.left(MORNING)
    booth.refused(MORNING + timedelta(hours=1))
    booth.recognised(MORNING)
    user = factories.StaffUserFactory(role=StaffRole.OFFICER)
    officer = Actor("officer", user.id, user.username)
    booth_sheet.add_note(made, booth.kiosk.id, "The power was cut.", officer)
    db.session.commit()
    return made


def close(election):
    elections.close_election(election, SYSTEM)
    db.session.commit()


def test_closing_writes_the_sheets_down_as_they_were_counted(election):
    before = booth_sheet.sheets(election)
    assert booth_sheet.frozen_at(election) is None
    start = utc_now()
    close(election)

    assert booth_sheet.sheets(election) == before
    assert before[0].total == Figures(checkins=4, votes=1, left=1, refused=1, missing=1)
    assert start <= booth_sheet.frozen_at(election) <= utc_now()


def test_erased_attempts_and_ballots_change_no_sheet_of_a_closed_election(election):
    close(election)
    before = booth_sheet.sheets(election)
    tamper("DELETE FROM ballot_passes", "DELETE FROM auth_events", "DELETE FROM booth_notes")

    assert db.session.query(AuthEvent).count() == db.session.query(BallotPass).count() == 0
    assert booth_sheet.sheets(election) == before
    assert [sheet.balanced for sheet in before] == [False]


def test_retention_a_year_later_changes_no_sheet(election):
    path = platform().storage.save_private(FRAUD_ATTEMPTS, b"picture")
    event = db.session.scalars(select(AuthEvent)).first()
    event.snapshot_path, event.created_at = path, utc_now() - timedelta(days=1)
    db.session.commit()
    close(election)
    before = booth_sheet.sheets(election)

    with time_machine.travel(utc_now() + timedelta(days=365), tick=False):
        assert retention.sweep(transaction).expired == 1
        assert booth_sheet.sheets(election) == before


def test_what_happens_after_closing_stands_on_no_sheet(election):
    close(election)
    before = booth_sheet.sheets(election)
    late = AuthEvent(election_id=election.id, kiosk_id=before[0].kiosk_id, voter_id_input="1", result="unknown")
    db.session.add(late)
    db.session.commit()
    assert booth_sheet.sheets(election) == before


def test_a_ballot_still_open_at_closing_stays_open_on_the_sheet():
    election = factories.make_open_election()
    voting.make_pass(election, voting.voters_of(election)[0])
    close(election)
    with time_machine.travel(utc_now() + timedelta(hours=1), tick=False):
        assert booth_sheet.sheets(election)[0].total == Figures(checkins=1, waiting=1)


def test_a_sheet_that_lost_its_balance_while_closing_waited_keeps_the_election_open(election, monkeypatch):
    """The first look finds nothing; the one after the casts under way are done does."""
    looks = iter([nullcontext(), None])

    def check(found):
        if next(looks) is None:
            raise SheetsUnbalanced

    monkeypatch.setattr(booth_sheet, "check_before_closing", check)
    with pytest.raises(SheetsUnbalanced):
        elections.close_election(election, SYSTEM)
    db.session.rollback()
    assert db.session.query(ClosedBoothSheets).count() == 0


@pytest.mark.parametrize(
    "statement",
    ["UPDATE closed_booth_sheets SET sheets = '[]'", "DELETE FROM closed_booth_sheets", "TRUNCATE closed_booth_sheets"],
)
@pytest.mark.parametrize("role", ["web", "sealer", "owner"])
def test_nobody_changes_what_was_written_down(statement, role, election):
    close(election)
    with use_role(role), pytest.raises(DBAPIError) as refusal:
        db.session.execute(text(statement))
    assert refusal.value.orig.pgcode == ("SV002" if role == "owner" else "42501")


def test_the_page_and_the_print_say_since_when_the_figures_are_fixed(election, officer_client):
    """The page shows the newest election, which is this one."""
    assert "Figures fixed at closing" not in officer_client.get("/admin/booths/sheets").text
    close(election)
    page = officer_client.get("/admin/booths/sheets").text
    assert "Figures fixed at closing" in page
    tamper("DELETE FROM ballot_passes", "DELETE FROM auth_events")
    assert officer_client.get("/admin/booths/sheets").text.count("It does not balance") == page.count(
        "It does not balance"
    )
    assert officer_client.get("/admin/booths/sheets.pdf").data.startswith(b"%PDF")
