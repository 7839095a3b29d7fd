"""The roll of one election, and the groups it is filled from."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from models import AuditLog, ElectionStatus, GroupMember, RollEntry, VoterStatus, db, transaction
from services import approvals, rolls, voters
from services.actor import SYSTEM, Actor
from services.errors import Conflict, NotFound, ValidationFailed
from services.voters import FieldConflict, VoterEntries, VoterQuery
from tests import factories
from tests.support.votes import recorded_vote

ADMIN = Actor("admin", 1, "admin")


def entries(election) -> int:
    return db.session.scalar(select(func.count()).where(RollEntry.election_id == election.id))


def last_audit(event: str) -> dict:
    return db.session.scalars(select(AuditLog.details).where(AuditLog.event_type == event)).one()


def test_roll_is_filled_from_groups_and_nobody_stands_on_it_twice(app) -> None:
    election, north, south = factories.ElectionFactory(), factories.GroupFactory(), factories.GroupFactory()
    people = [factories.VoterFactory() for _ in range(3)]
    voters.add_members(north.id, [people[0].id, people[1].id], ADMIN)
    voters.add_members(south.id, [people[1].id, people[2].id], ADMIN)
    assert rolls.add_groups(election, [north.id], ADMIN).changed == 2
    assert rolls.add_groups(election, [north.id, south.id], ADMIN).changed == 1
    assert entries(election) == 3


def test_everybody_found_is_added_at_once(app) -> None:
    election = factories.ElectionFactory()
    for name in ("Otto Brandt", "Ottilie Klein", "Clara Moreau"):
        factories.VoterFactory(name=name)
    assert rolls.add_found(election, VoterQuery(text="ott"), ADMIN).changed == 2
    assert last_audit("staff:roll:added") == {"count": 2, "before": 0, "after": 2, "kind": "search"}
    assert rolls.add_found(election, VoterQuery(), ADMIN).changed == 1


def test_removal_needs_a_reason_and_writes_before_and_after(app) -> None:
    entry = factories.RollEntryFactory()
    with pytest.raises(ValidationFailed):
        rolls.remove_voters(entry.election, [entry.voter_id], "  - ", ADMIN)
    number = entry.voter.voter_id
    assert rolls.remove_voters(entry.election, [entry.voter_id], "Moved away", ADMIN).changed == 1
    expected = {"count": 1, "before": 1, "after": 0, "reason": "Moved away", "voter_number": number}
    assert last_audit("staff:roll:removed") == expected


def test_roll_of_an_open_or_closed_election_is_not_changed_at_once(app, open_election) -> None:
    voter = factories.VoterFactory()
    with pytest.raises(Conflict, match="open"):
        rolls.add_voters(open_election, [voter.id], ADMIN)
    with pytest.raises(Conflict, match="open"):
        rolls.remove_voters(open_election, [voter.id], "Moved away", ADMIN)
    open_election.status = ElectionStatus.CLOSED
    with pytest.raises(Conflict, match="closed"):
        rolls.add_voters(open_election, [voter.id], ADMIN)


def test_figures_count_voted_and_suspended(app) -> None:
    entry = recorded_vote()
    other = factories.RollEntryFactory(election=entry.election, voter=factories.VoterFactory(status="suspended"))
    figures = rolls.roll_figures(other.election)
    assert (figures.on_roll, figures.voted, figures.suspended) == (2, 1, 1)


def test_list_of_a_roll_is_filtered_by_who_has_voted(app) -> None:
    entry = recorded_vote()
    waiting = factories.RollEntryFactory(election=entry.election).voter_id
    outside = factories.VoterFactory().id

    def found(**asked) -> set[int]:
        return {row.voter.id for row in voters.search_voters(VoterQuery(election_id=entry.election_id, **asked)).rows}

    assert found(on_roll=True) == {entry.voter_id, waiting}
    assert found(on_roll=False) == {outside}
    assert found(on_roll=True, voted=True) == {entry.voter_id}
    assert found(on_roll=True, voted=False) == {waiting}


def test_group_is_made_renamed_and_deleted_and_its_voters_stay(app) -> None:
    group = voters.create_group("  Branch   North ", ADMIN)
    voter = factories.VoterFactory()
    assert voters.add_members(group.id, [voter.id, 10**8], ADMIN) == 1
    assert voters.add_members(group.id, [voter.id], ADMIN) == 0
    assert voters.rename_group(group.id, "Branch South", ADMIN).name == "Branch South"
    assert [group.name for group in voters.groups_of(voter)] == ["Branch South"]
    assert voters.delete_group(group.id, ADMIN) == "Branch South"
    assert db.session.scalar(select(func.count()).select_from(GroupMember)) == 0
    assert voters.get_voter(voter.id)
    with pytest.raises(NotFound):
        voters.get_group(group.id)


@pytest.mark.parametrize("name", ["", " ", "123", "a, b", "a;b", "a|b", "x" * 81, None])
def test_group_without_a_fit_name_is_refused(app, name) -> None:
    with pytest.raises(ValidationFailed):
        voters.create_group(name, ADMIN)


def test_group_name_is_taken_in_any_case_of_letters(app) -> None:
    voters.create_group("Émile", ADMIN)
    with pytest.raises(FieldConflict):
        voters.create_group("éMILE", ADMIN)


def test_suspension_needs_a_reason_and_writes_before_and_after(app) -> None:
    voter = factories.VoterFactory()
    with pytest.raises(ValidationFailed):
        voters.set_suspended(voter.id, True, "", ADMIN)
    assert voters.set_suspended(voter.id, True, "Left the union", ADMIN).status is VoterStatus.SUSPENDED
    expected = {
        "voter_number": voter.voter_id, "before": "verified", "after": "suspended", "reason": "Left the union",
    }  # fmt: skip
    assert last_audit("staff:voter:suspended") == expected
    with pytest.raises(Conflict):
        voters.set_suspended(voter.id, True, "Again", ADMIN)
    assert voters.set_suspended(voter.id, False, "Came back", ADMIN).status is VoterStatus.VERIFIED


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("Søren Åkesson", "soren ake"), ("Łukasz Groß", "lukasz gross"), ("Ана Марковић", "марк"),
        ("O'Brien-Smith Jo", "brien sm"), ("Ægir Þór", "aegir thor"), ("李小龙", "李"),
    ],
)  # fmt: skip
def test_search_knows_the_beginnings_of_words_without_accents(app, name, asked) -> None:
    voter = factories.VoterFactory(name=name)
    factories.VoterFactory(name="Somebody Else")
    found = [row.voter.id for row in voters.search_voters(VoterQuery(text=asked)).rows]
    assert found == [voter.id]


@pytest.mark.parametrize("asked", ["'", "\\", "':*", "!a & b |", "a:*b", "@", "' | 'x':*", "()", "\\'"])
def test_marks_of_the_search_language_are_plain_characters(app, asked) -> None:
    factories.VoterFactory(name="Xaver Yilmaz", email="x@mail.example")
    assert voters.search_voters(VoterQuery(text=asked)).total in (0, 1)


def test_an_address_is_found_by_its_beginning_and_by_its_domain(app) -> None:
    voter = factories.VoterFactory(email="m.Fontaine@Union.example")
    for asked in ("m.fontaine@union.example", "M.FONT", "@union.example", "fontaine"):
        assert [row.voter.id for row in voters.search_voters(VoterQuery(text=asked)).rows] == [voter.id], asked


# Open elections


def asked(election, act: str, *people) -> dict:
    return rolls.change_payload(act, [person.id for person in people])


def confirmed(election, payload):
    first, second = (factories.StaffUserFactory(role="admin") for _person in range(2))
    request = approvals.request(
        rolls.ROLL_CHANGE, election, payload, "Forgotten", Actor("admin", first.id, first.username)
    )
    return approvals.confirm(request.id, Actor("admin", second.id, second.username))


def test_open_roll_changes_when_a_second_person_confirms(app, open_election) -> None:
    voter = factories.VoterFactory(name="Ana Kovač")
    payload = asked(open_election, "add", voter)
    words = " ".join(rolls.described(open_election, payload).words)
    assert "Ana Kovač (" in words
    assert "1 voter can vote then." in words
    assert confirmed(open_election, payload).change.after == {"on_roll": 2}
    assert confirmed(open_election, asked(open_election, "remove", voter)).change.after == {"on_roll": 1}


def test_suspension_on_an_open_roll_is_confirmed_and_lifted_again(app, open_election) -> None:
    voter = db.session.scalar(select(RollEntry)).voter
    with pytest.raises(Conflict, match="open election"):
        voters.refuse_on_open_roll(voter)
    assert rolls.open_roll_of(voter) == open_election
    assert confirmed(open_election, asked(open_election, "suspend", voter)).ok
    assert voter.status is VoterStatus.SUSPENDED
    assert confirmed(open_election, asked(open_election, "lift", voter)).ok
    assert voter.status is VoterStatus.VERIFIED


def test_who_has_voted_is_never_taken_off_an_open_roll(app) -> None:
    entry = recorded_vote()
    with pytest.raises(Conflict, match="has voted"):
        rolls.described(entry.election, asked(entry.election, "remove", entry.voter))


def test_form_and_deletion_do_not_get_around_the_second_person(app, open_election) -> None:
    voter = db.session.scalar(select(RollEntry)).voter
    other = factories.VoterFactory()
    with pytest.raises(FieldConflict), transaction():
        voters.update_voter(voter.id, VoterEntries(elections=frozenset()), SYSTEM)
    with pytest.raises(FieldConflict), transaction():
        voters.update_voter(other.id, VoterEntries(elections=frozenset({open_election.id})), SYSTEM)
    with pytest.raises(Conflict), transaction():
        voters.update_voter(voter.id, VoterEntries(status="suspended"), SYSTEM)
    with pytest.raises(Conflict), transaction():
        voters.delete_voter(voter.id, SYSTEM)


@pytest.mark.parametrize(("act", "people"), [("burn", [1]), ("add", []), ("add", list(range(1, 300)))])
def test_change_that_asks_for_nothing_or_too_much_is_refused(app, act, people) -> None:
    with pytest.raises(ValidationFailed):
        rolls.change_payload(act, people)
