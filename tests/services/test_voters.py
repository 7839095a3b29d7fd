"""Voters: numbers, entries, rolls, search, deletion."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from models import AuditLog, Consent, ElectionStatus, RollEntry, Voter, VoterFace, VoterStatus, db, transaction
from services import voters
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, NotFound, ValidationFailed
from services.voters import FieldConflict, VoterEntries, VoterQuery
from services.voters import register as voter_register
from services.voters.entries import check
from tests import factories
from tests.support.votes import recorded_vote

ADMIN = Actor("operator", name="admin")
"""Sees every election; who sees which: tests/blueprints/test_membership.py."""
TODAY = date(2026, 11, 20)


def audited(event: str) -> int:
    return db.session.scalar(select(func.count()).where(AuditLog.event_type == event))


def number_with_check_digit(stem: str) -> str:
    return voters.check_digit_added(stem)


# Numbers


@pytest.mark.parametrize(
    "typed", ["20481739", " 2048 1739 ", "2048-1739", "2048–1739", "２０４８１７３９", "٢٠٤٨١٧٣٩", "2048.17 39\n"]
)
def test_typed_number_means_the_same_however_it_is_written(typed: str) -> None:
    assert voters.normalise_voter_number(typed) == "20481739"


def test_letters_stay_in_a_typed_number_so_that_it_is_not_found() -> None:
    assert voters.normalise_voter_number("2048 l739") == "2048L739"


def test_new_number_has_eight_digits_and_a_valid_check_digit() -> None:
    numbers = {voters.new_voter_number() for _ in range(200)}
    assert all(len(number) == 8 and number[0] != "0" and voters.is_voter_number(number) for number in numbers)
    assert len(numbers) > 190


def test_every_single_slip_and_swap_of_neighbours_breaks_the_check_digit() -> None:
    number = number_with_check_digit("2048173")
    slips = [number[:at] + digit + number[at + 1 :] for at in range(8) for digit in "0123456789" if digit != number[at]]
    swaps = [number[:at] + number[at + 1] + number[at] + number[at + 2 :] for at in range(7)]
    assert not any(voters.is_voter_number(wrong) for wrong in slips + swaps if wrong != number)


def test_number_is_shown_in_groups_of_four() -> None:
    assert voters.format_voter_number("20481739") == "2048 1739"


# Entries


@pytest.mark.parametrize("typed", ["1944-05-19", "19 5 1944", "19.05.1944", "19/5/1944", "19 May 1944", "19 may 1944"])
def test_birth_date_is_read_as_people_write_it(typed: str) -> None:
    assert check(VoterEntries(dob=typed), TODAY) == {"dob": date(1944, 5, 19)}


@pytest.mark.parametrize(
    "typed", ["19 5 44", "31 2 1944", "1944", "yesterday", "19 foo 1944", "21 11 2026", "1 1 1890", "0 0 1944"]
)
def test_birth_date_that_cannot_be_is_refused(typed: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        check(VoterEntries(dob=typed), TODAY)
    assert set(refused.value.fields) == {"dob"}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("m.fontaine", "with the @"),
        ("m.fontaine@", "after the @"),
        ("@mail.example", "before the @"),
        ("m f@mail.example", "letter by letter"),
        ("a@" + "b" * 250 + ".example", "letter by letter"),
    ],
)
def test_wrong_email_is_answered_with_what_to_change(typed: str, words: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        check(VoterEntries(email=typed), TODAY)
    assert words in refused.value.fields["email"]


def test_empty_entries_clear_and_absent_ones_leave_alone() -> None:
    assert check(VoterEntries(email="", phone=" ", dob=""), TODAY) == {"email": None, "phone": None, "dob": None}


def test_all_wrong_entries_are_named_at_once() -> None:
    entries = VoterEntries(name=" ", voter_id="1", email="x", phone="call me", gender="?", status="dead", dob="?")
    with pytest.raises(ValidationFailed) as refused:
        check(entries, TODAY)
    assert set(refused.value.fields) == {"name", "voter_id", "email", "phone", "gender", "status", "dob"}


@pytest.mark.parametrize("name", ["", "  ", "12345", "a\x00b", "x" * 121, "tab\u202ename"])
def test_name_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValidationFailed):
        check(VoterEntries(name=name), TODAY)


# Adding and changing


def test_new_voter_gets_a_number_with_a_check_digit_and_an_audit_row(app) -> None:
    with transaction():
        voter = voters.create_voter(VoterEntries(name="  Marguerite   Fontaine ", email="M@Mail.Example"), ADMIN)
    assert voter.name == "Marguerite Fontaine"
    assert voters.is_voter_number(voter.voter_id)
    assert voter.email == "M@mail.example"
    assert audited("staff:voter:created") == 1


def test_typed_number_is_kept_normalised(app) -> None:
    number = number_with_check_digit("2048173")
    with transaction():
        voter = voters.create_voter(VoterEntries(name="A B", voter_id=f"{number[:4]} {number[4:]}"), ADMIN)
    assert voter.voter_id == number


def test_voter_without_name_is_refused(app) -> None:
    with pytest.raises(ValidationFailed) as refused, transaction():
        voters.create_voter(VoterEntries(email="a@mail.example"), ADMIN)
    assert "name" in refused.value.fields


def test_taken_number_is_a_conflict_that_names_the_field(app) -> None:
    first = factories.VoterFactory()
    with pytest.raises(FieldConflict) as refused, transaction():
        voters.create_voter(VoterEntries(name="Second", voter_id=first.voter_id), ADMIN)
    assert set(refused.value.fields) == {"voter_id"}
    assert refused.value.status == 409


def test_taken_address_is_a_conflict_in_any_case_of_letters(app) -> None:
    factories.VoterFactory(email="one@mail.example")
    with pytest.raises(FieldConflict) as refused, transaction():
        voters.create_voter(VoterEntries(name="Second", email="ONE@mail.example"), ADMIN)
    assert set(refused.value.fields) == {"email"}
    assert db.session.scalar(select(func.count()).select_from(Voter)) == 1


def test_drawn_number_that_is_taken_is_drawn_again(app, monkeypatch) -> None:
    first = factories.VoterFactory()
    free = number_with_check_digit("9999999")
    drawn = iter([first.voter_id, first.voter_id, free])
    monkeypatch.setattr(voter_register, "new_voter_number", lambda: next(drawn))
    with transaction():
        assert voters.create_voter(VoterEntries(name="Second"), ADMIN).voter_id == free


def test_change_touches_only_what_was_entered_and_audits_field_names_not_values(app) -> None:
    voter = factories.VoterFactory(name="Old Name", email="old@mail.example", phone="12345 67")
    with transaction():
        voters.update_voter(voter.id, VoterEntries(name="New Name", status="suspended"), ADMIN)
    assert (voter.name, voter.email, voter.phone) == ("New Name", "old@mail.example", "12345 67")
    assert voter.status is VoterStatus.SUSPENDED
    row = db.session.scalars(select(AuditLog).where(AuditLog.event_type == "staff:voter:changed")).one()
    assert row.details["after"] == ["name", "status"]
    assert "Name" not in str(row.details)


def test_saving_without_a_change_writes_no_audit_row(app) -> None:
    voter = factories.VoterFactory()
    with transaction():
        voters.update_voter(voter.id, VoterEntries(name=voter.name, voter_id=""), ADMIN)
    assert audited("staff:voter:changed") == 0


def test_change_to_a_taken_address_is_refused_and_leaves_the_voter(app) -> None:
    factories.VoterFactory(email="one@mail.example")
    second = factories.VoterFactory(email="two@mail.example")
    with pytest.raises(FieldConflict), transaction():
        voters.update_voter(second.id, VoterEntries(email="one@mail.example"), ADMIN)
    assert second.email == "two@mail.example"


def test_unknown_voter_is_not_found(app) -> None:
    with pytest.raises(NotFound):
        voters.get_voter(999_999)


# Rolls


def test_voter_is_put_on_and_taken_off_rolls(app) -> None:
    first, second = factories.ElectionFactory(), factories.ElectionFactory()
    voter = factories.RollEntryFactory(election=first).voter
    with transaction():
        voters.update_voter(voter.id, VoterEntries(elections=frozenset({second.id})), ADMIN)
    assert [entry.election_id for entry in voters.roll_entries_of(voter, ADMIN)] == [second.id]
    assert (audited("staff:roll:added"), audited("staff:roll:removed")) == (1, 1)


def test_roll_of_an_unknown_election_is_refused(app) -> None:
    voter = factories.VoterFactory()
    with pytest.raises(ValidationFailed) as refused, transaction():
        voters.update_voter(voter.id, VoterEntries(elections=frozenset({999_999})), ADMIN)
    assert "elections" in refused.value.fields


def test_voter_who_has_voted_cannot_leave_the_roll(app) -> None:
    voter = recorded_vote().voter
    with pytest.raises(FieldConflict) as refused, transaction():
        voters.update_voter(voter.id, VoterEntries(name="Renamed", elections=frozenset()), ADMIN)
    assert "has already voted" in refused.value.fields["elections"]
    assert voter.name != "Renamed"


def test_vote_that_arrives_in_between_still_holds_the_roll_entry(app, monkeypatch) -> None:
    entry = recorded_vote()
    monkeypatch.setattr(RollEntry, "has_voted", False)  # as read a moment before the vote
    with pytest.raises(FieldConflict), transaction():
        voters.update_voter(entry.voter.id, VoterEntries(elections=frozenset()), ADMIN)


def test_only_draft_and_open_elections_offer_their_roll(app, open_election) -> None:
    draft = factories.ElectionFactory()
    assert {election.id for election in voters.open_rolls(ADMIN)} == {draft.id, open_election.id}
    assert open_election.status is ElectionStatus.ACTIVE


# Deleting


def test_deleting_takes_faces_files_consents_and_roll_entries_along(app) -> None:
    voter = factories.RollEntryFactory().voter
    path = platform().storage.save_private("faces", b"picture")
    db.session.add(VoterFace(voter_id=voter.id, slot=1, encoding=b"x", image_snapshot_path=path))
    db.session.add(Consent(voter_id=voter.id, text_version="t"))
    db.session.commit()
    effect = voters.deletion_effect(voter)
    assert (effect.faces, effect.consents, effect.rolls, effect.has_voted) == (1, 1, 1, False)
    with transaction():
        voters.delete_voter(voter.id, ADMIN)
    for table in (Voter, VoterFace, Consent, RollEntry):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0
    with pytest.raises(NotFound):
        platform().storage.read(path)
    assert audited("staff:voter:deleted") == 1


def test_files_stay_when_the_deletion_rolls_back(app) -> None:
    voter = factories.VoterFactory()
    path = platform().storage.save_private("faces", b"picture")
    db.session.add(VoterFace(voter_id=voter.id, slot=1, encoding=b"x", image_snapshot_path=path))
    db.session.commit()

    def fail_after_it() -> None:
        with transaction():
            voters.delete_voter(voter.id, ADMIN)
            raise RuntimeError("something after it fails")

    with pytest.raises(RuntimeError):
        fail_after_it()
    with transaction():
        pass
    assert platform().storage.read(path) == b"picture"
    assert db.session.scalar(select(func.count()).select_from(VoterFace)) == 1


def test_voter_with_a_vote_is_not_deleted(app) -> None:
    voter = recorded_vote().voter
    with pytest.raises(Conflict) as refused, transaction():
        voters.delete_voter(voter.id, ADMIN)
    assert refused.value.status == 409
    assert db.session.get(Voter, voter.id) is not None


# Search


def test_search_finds_by_number_name_and_email(app) -> None:
    one = factories.VoterFactory(name="Solveig Eriksen", email="s.eriksen@mail.example")
    factories.VoterFactory(name="Otto Brandt", email="otto@mail.example")
    number = one.voter_id
    for text in ("solveig", "ERIKSEN", "s.eriksen@", number, f"{number[:4]} {number[4:]}", number[-5:]):
        assert [row.voter.id for row in voters.search_voters(VoterQuery(text=text)).rows] == [one.id], text


def test_wildcards_in_a_search_are_plain_characters(app) -> None:
    factories.VoterFactory(name="Otto Brandt")
    assert voters.search_voters(VoterQuery(text="%")).total == 0
    assert voters.search_voters(VoterQuery(text="O_to")).total == 0


def test_fifty_voters_a_page_and_the_last_page_for_a_page_too_far(app) -> None:
    for _ in range(53):
        db.session.add(factories.VoterFactory.build())
    db.session.commit()
    first, last = voters.search_voters(VoterQuery()), voters.search_voters(VoterQuery(page=9))
    assert (len(first.rows), first.pages, first.total, first.first, first.last) == (50, 2, 53, 1, 50)
    assert (len(last.rows), last.page, last.first, last.last) == (3, 2, 51, 53)


def test_list_sorts_by_name_and_backwards(app) -> None:
    for name in ("berta", "Anna", "Carl"):
        factories.VoterFactory(name=name)
    names = [row.voter.name for row in voters.search_voters(VoterQuery(sort="name")).rows]
    backwards = [row.voter.name for row in voters.search_voters(VoterQuery(sort="name", descending=True)).rows]
    assert names == ["Anna", "berta", "Carl"]
    assert backwards == names[::-1]


def test_list_filters_by_status_and_few_pictures(app) -> None:
    enrolled = factories.VoterFactory(status=VoterStatus.SUSPENDED)
    for slot in (1, 2, 3):
        db.session.add(VoterFace(voter_id=enrolled.id, slot=slot, encoding=b"x"))
    other = factories.VoterFactory()
    suspended = voters.search_voters(VoterQuery(status=VoterStatus.SUSPENDED)).rows
    assert [(row.voter.id, row.pictures) for row in suspended] == [(enrolled.id, 3)]
    assert [row.voter.id for row in voters.search_voters(VoterQuery(few_pictures=True)).rows] == [other.id]


def test_list_knows_who_has_voted_in_the_chosen_election(app) -> None:
    entry = recorded_vote()
    waiting = factories.RollEntryFactory(election=entry.election).voter
    stranger = factories.VoterFactory()
    rows = voters.search_voters(VoterQuery(election_id=entry.election_id)).rows
    assert {row.voter.id: row.has_voted for row in rows} == {entry.voter_id: True, waiting.id: False, stranger.id: None}


def test_nearest_voter_is_offered_after_a_slip(app) -> None:
    voter = factories.VoterFactory(name="Marguerite Fontaine")
    assert voters.nearest_voter("Fontane") == voter
    assert voters.nearest_voter("xyz") is None
    assert voters.nearest_voter("") is None


def test_counts_by_status_name_every_status(app) -> None:
    factories.VoterFactory()
    assert voters.count_by_status() == {VoterStatus.PENDING: 0, VoterStatus.VERIFIED: 1, VoterStatus.SUSPENDED: 0}


def test_age_changes_on_the_birthday() -> None:
    voter = Voter(dob=date(2000, 11, 20))
    assert (voter.age_on(date(2026, 11, 19)), voter.age_on(date(2026, 11, 20))) == (25, 26)
    assert Voter().age_on(utc_now().date()) is None
