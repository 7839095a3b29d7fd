"""Booth sheets: every check-in falls into one column, and what does not fit is seen."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import AuditLog, BoothNote, ElectionStatus, StaffRole, db, use_role
from services import ballots, booth_sheet, elections, identification
from services.actor import SYSTEM, Actor
from services.booth_sheet import Figures, SheetsUnbalanced, document_words, equation
from services.clock import utc_now
from services.errors import Conflict, Forbidden, NotFound, ValidationFailed
from tests import factories
from tests.support import checkins, voting
from tests.support.checkins import MORNING, make_booth, tamper

pytestmark = pytest.mark.usefixtures("app")
HOUR = timedelta(hours=1)
COLUMN = {
    "refused": "refused", "abandoned": "left", "left": "left", "expired": "expired", "swept": "expired",
    "waiting": "waiting", "voted": "votes",
}  # fmt: skip
BY_DOCUMENT = ("left", "expired", "swept", "waiting", "voted")
CHECKINS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 2), st.sampled_from(sorted(COLUMN)), st.booleans(), st.integers(0, 59)),
    max_size=14,
)
SPOILT = {
    "a recognised voter without a ballot": (lambda booth: booth.recognised(MORNING), Figures(checkins=1, missing=1)),
    "a spent ballot without a vote": (
        lambda booth: booth.voted(MORNING, cast=False),
        Figures(checkins=1, lost=1),
    ),
}


@pytest.fixture
def election():
    return factories.make_recorded_election()


@pytest.fixture
def booth(election):
    return make_booth(election)


@pytest.fixture
def officer():
    user = factories.StaffUserFactory(role=StaffRole.OFFICER)
    return Actor("officer", user.id, user.username)


def only(election):
    sheet, *others = booth_sheet.sheets(election)
    assert others == []
    return sheet


@given(CHECKINS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_voters_do_every_sheet_balances_in_every_hour(found):
    election = factories.make_recorded_election()
    booths = [make_booth(election), make_booth(election)]
    expected = Counter()
    for number, hour, outcome, document, minute in found:
        at = MORNING + hour * HOUR + timedelta(minutes=minute)
        by_document = document and outcome in BY_DOCUMENT
        getattr(booths[number], outcome)(at, **({"document": True} if by_document else {}))
        expected[(number, hour, "checkins")] += 1
        expected[(number, hour, ("document_" if by_document else "") + COLUMN[outcome])] += 1

    sheets = booth_sheet.sheets(election)

    assert [sheet.kiosk_id for sheet in sheets] == [booth.kiosk.id for booth in booths]
    assert all(sheet.balanced and sheet.total.checkins == sheet.total.outcomes for sheet in sheets)
    counted = {
        (number, (line.begins - MORNING) // HOUR, name): value
        for number, sheet in enumerate(sheets)
        for line in sheet.lines
        for name, value in vars(line.figures).items()
        if value
    }
    assert counted == expected
    elections.close_election(election, SYSTEM)


@given(CHECKINS, st.sampled_from(sorted(SPOILT)), st.integers(0, 2))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_row_that_does_not_fit_is_never_lost_among_others(found, spoilt, hour):
    election = factories.make_recorded_election()
    booths = [make_booth(election), make_booth(election)]
    for number, at_hour, outcome, _document, minute in found:
        getattr(booths[number], outcome)(MORNING + at_hour * HOUR + timedelta(minutes=minute))
    SPOILT[spoilt][0](booths[1])

    first, second = booth_sheet.sheets(election)
    assert (first.balanced, second.balanced, second.total.difference) == (True, False, 1)
    with pytest.raises(SheetsUnbalanced, match="Booth 2"):
        elections.close_election(election, SYSTEM)


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_row_that_does_not_fit_is_counted_by_its_kind(spoilt, booth, election):
    make, figures = SPOILT[spoilt]
    make(booth)
    assert only(election).total == figures


def test_a_vote_that_nobody_checked_in_for_belongs_to_no_booth(booth, election):
    booth.voted(MORNING)
    checkins.stray_vote(election, checkins.new_voter(election), MORNING)
    whole, stray = booth_sheet.sheets(election)
    assert whole.balanced
    assert (stray.kiosk_id, stray.name, stray.total) == (None, "No booth", Figures(votes=1, extra=1))
    assert (
        equation(stray.total) == "0 check-ins, but 1 vote = 1. It does not balance. 1 ballot or vote has no check-in."
    )


def test_a_ballot_whose_check_in_was_taken_away_is_extra(booth, election):
    made = booth.voted(MORNING)
    tamper("DELETE FROM auth_events WHERE id = :id", id=made.auth_event_id)
    assert only(election).total == Figures(votes=1, extra=1)


def test_a_second_ballot_for_one_check_in_is_extra(booth, election):
    made = booth.left(MORNING)
    copy = (
        "INSERT INTO ballot_passes (kiosk_id, election_id, voter_id, auth_event_id, expires_at, ended_at)"
        " SELECT kiosk_id, election_id, voter_id, auth_event_id, expires_at, ended_at FROM ballot_passes WHERE id = :id"
    )
    tamper(copy, id=made.id)
    assert only(election).total == Figures(checkins=1, left=2, extra=1)


def test_a_ballot_moved_to_another_booth_shows_at_both(booth, election):
    other, made = make_booth(election), booth.voted(MORNING)
    tamper("UPDATE ballot_passes SET kiosk_id = :to WHERE id = :id", to=other.kiosk.id, id=made.id)
    first, second = booth_sheet.sheets(election)
    assert (first.total, second.total) == (Figures(checkins=1, missing=1), Figures(votes=1, extra=1))


def test_one_vote_answers_for_one_ballot_only(booth, election):
    made = booth.voted(MORNING)
    again = booth.left(MORNING + HOUR)
    tamper(
        "UPDATE ballot_passes SET voter_id = :voter, used_at = ended_at, ended_at = NULL WHERE id = :id",
        "UPDATE auth_events SET voter_id = :voter WHERE id = :event",
        voter=made.voter_id, id=again.id, event=again.auth_event_id,
    )  # fmt: skip
    assert only(election).total == Figures(checkins=2, votes=1, lost=1)


def test_two_wrongs_of_opposite_sign_do_not_make_a_right(booth, election):
    booth.recognised(MORNING)
    tamper("DELETE FROM auth_events WHERE id = :id", id=booth.voted(MORNING).auth_event_id)
    total = only(election).total
    assert (total.checkins, total.outcomes, total.balanced, total.difference) == (1, 1, False, 2)
    assert equation(total).startswith("1 check-in = 1 vote. It does not balance. 1 check-in opened no ballot.")


def test_hours_are_those_of_the_polling_place(booth, election, monkeypatch):
    from services.context import platform

    monkeypatch.setattr(
        platform(),
        "settings",
        platform().settings.__class__(**{**vars(platform().settings), "timezone": "Asia/Kolkata"}),
    )
    booth.refused(MORNING + timedelta(minutes=29))
    booth.refused(MORNING + timedelta(minutes=31))
    begins = [line.begins for line in only(election).lines]
    assert begins == [MORNING - timedelta(minutes=30), MORNING + timedelta(minutes=30)]


def test_a_vote_after_the_hour_counts_in_the_hour_of_its_check_in(booth, election):
    booth.voted(MORNING + timedelta(minutes=59))
    assert [(line.begins, line.figures.votes) for line in only(election).lines] == [(MORNING, 1)]


def test_an_open_ballot_is_waiting_and_runs_out_by_itself(booth, election):
    made = booth.waiting(MORNING)
    assert only(election).total == Figures(checkins=1, waiting=1)
    after = made.expires_at + timedelta(seconds=1)
    assert booth_sheet.sheets(election, after)[0].total == Figures(checkins=1, expired=1)


def test_the_real_booth_writes_rows_that_balance():
    election = factories.make_open_election(voters=3)
    kiosk = voting.make_kiosk(election)
    one, two, _three = voting.voters_of(election)
    identification.find_voter(kiosk, "20480000", SYSTEM)
    given = voting.make_pass(election, one, kiosk)
    ballots.cast_with_pass(given, ballots.Choice(nota=True), voting.new_key(), voting.KIOSK)
    voting.make_pass(election, two, kiosk)
    identification.leave(kiosk, SYSTEM)
    total = only(election).total
    assert total == Figures(checkins=total.checkins, votes=1, left=1, refused=total.refused)
    assert total.balanced


def test_the_equation_says_it_in_words():
    words = "41 check-ins = 36 votes + 2 left + 1 expired + 2 refused. It balances."
    assert equation(Figures(checkins=41, votes=36, left=2, expired=1, refused=2)) == words
    assert equation(Figures()) == "No check-ins."
    documents = Figures(checkins=4, votes=1, document_votes=2, document_left=1)
    assert equation(documents) == "4 check-ins = 1 vote + 3 by document. It balances."
    assert document_words(documents) == "By document: 2 votes, 1 left."
    assert document_words(Figures(checkins=1, votes=1)) == ""


def test_other_elections_and_channels_stand_on_no_sheet(booth, election):
    event = booth.refused(MORNING)
    other = factories.make_recorded_election()
    tamper("UPDATE auth_events SET channel = 'link' WHERE id = :id", id=event.id)
    assert only(election).lines == ()
    assert booth_sheet.sheets(other) == []


def test_an_unbalanced_sheet_keeps_the_election_open_until_a_note_explains_it(booth, election, officer):
    booth.recognised(MORNING)
    with pytest.raises(SheetsUnbalanced, match="Booth 1"):
        elections.close_election(election, SYSTEM)
    assert election.status is ElectionStatus.ACTIVE

    booth_sheet.add_note(election, booth.kiosk.id, " The power was cut. ", officer)
    row = db.session.query(AuditLog).filter_by(event_type="staff:booth_sheet:noted").one()
    assert (row.actor, row.details) == (officer.name, {"kiosk": "Booth 1", "count": 1})
    assert db.session.query(BoothNote).one().note == "The power was cut."
    elections.close_election(election, SYSTEM)
    assert election.status is ElectionStatus.CLOSED


def test_a_note_explains_only_the_difference_it_was_written_for(booth, election, officer):
    booth.recognised(MORNING)
    booth_sheet.add_note(election, booth.kiosk.id, "The power was cut.", officer)
    booth.recognised(MORNING)
    assert [sheet.name for sheet in booth_sheet.unexplained(election)] == ["Booth 1"]
    booth_sheet.add_note(election, booth.kiosk.id, "It was cut twice.", officer)
    assert booth_sheet.unexplained(election) == []
    assert len(booth_sheet.notes_of(election)[booth.kiosk.id]) == 2


def test_a_reset_waits_for_the_note_as_well(booth, election):
    booth.recognised(MORNING)
    with pytest.raises(SheetsUnbalanced):
        elections.reset_election(election, SYSTEM)


def test_a_note_needs_words_a_difference_a_booth_and_an_officer(booth, election, officer):
    with pytest.raises(Conflict, match="balances"):
        booth_sheet.add_note(election, booth.kiosk.id, "Just so.", officer)
    booth.recognised(MORNING)
    for words in ("", "   ", "x" * 501):
        with pytest.raises(ValidationFailed):
            booth_sheet.add_note(election, booth.kiosk.id, words, officer)
    with pytest.raises(NotFound):
        booth_sheet.add_note(election, 999_999, "Which one?", officer)
    for actor in (SYSTEM, voting.KIOSK, Actor("observer", officer.id)):
        with pytest.raises(Forbidden):
            booth_sheet.add_note(election, booth.kiosk.id, "Why not.", actor)
    assert db.session.query(BoothNote).count() == 0


@pytest.mark.parametrize(
    "statement", ["UPDATE booth_notes SET note = 'x'", "DELETE FROM booth_notes", "TRUNCATE booth_notes"]
)
@pytest.mark.parametrize("role", ["web", "owner"])
def test_a_note_stays_as_it_was_written(statement, role, booth, election, officer):
    booth.recognised(MORNING)
    booth_sheet.add_note(election, booth.kiosk.id, "The power was cut.", officer)
    db.session.commit()
    with use_role(role), pytest.raises(DBAPIError) as refusal:
        db.session.execute(text(statement))
    assert refusal.value.orig.pgcode == ("42501" if role == "web" else "SV002")


def test_the_worker_may_read_sheets_and_close():
    election = factories.make_open_election()
    voting.cast_by(voting.voters_of(election)[0], election, ballots.Choice(nota=True))
    number = election.id
    with use_role("sealer"):
        found = elections.get_election(number)
        assert booth_sheet.sheets(found, utc_now())[0].total == Figures(checkins=1, votes=1)
        elections.close_election(found, SYSTEM)
        db.session.commit()
