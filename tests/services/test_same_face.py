"""One face under two names: enrolled and flagged, judged by a person, warned about, never refused."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from models import AuditLog, DuplicateFlag, FaceMean, SameFace, StaffRole, Voter, db, transaction
from services import enrolment, identification, same_face
from services.actor import Actor
from services.elections.checklist import check
from services.errors import NotFound, ValidationFailed
from services.same_face import JudgedMeanwhile
from tests import factories
from tests.services.identification import acting
from tests.support import voting
from tests.support.pictures import face


@pytest.fixture
def admin(app: Any) -> Actor:
    user = factories.StaffUserFactory(role=StaffRole.ADMIN)
    return Actor("admin", user.id, user.username)


def enrol(person: int, actor: Actor, voter: Voter | None = None) -> tuple[Voter, list[DuplicateFlag]]:
    voter = voter or factories.VoterFactory()
    with transaction():
        return voter, enrolment.enrol(voter.id, [face(person, seed) for seed in range(3)], True, actor).flags


def judge(flag: DuplicateFlag, decision: str, note: str, actor: Actor, seen: str | None = None) -> DuplicateFlag:
    with transaction():
        return same_face.judge(flag.id, decision, note, flag.mark if seen is None else seen, actor)


def test_a_face_under_a_second_name_is_enrolled_and_flagged_with_the_first(admin):
    first, nothing = enrol(7, admin)
    other, still_nothing = enrol(90, admin)
    second, flags = enrol(7, admin)

    assert (nothing, still_nothing) == ([], [])
    assert [(flag.voter_id, flag.other_id, flag.state) for flag in flags] == [(second.id, first.id, SameFace.PENDING)]
    assert flags[0].distance <= 0.45
    assert len(enrolment.enrolment_of(second).faces) == 3
    assert same_face.doubtful([first.id, second.id, other.id]) == {first.id, second.id}
    row = db.session.scalars(select(AuditLog).where(AuditLog.event_type == "system:face:flagged")).one()
    assert (row.details["voter_number"], row.details["count"]) == (second.voter_id, 1)


def test_enrolling_the_same_voter_again_flags_nobody(admin):
    voter, _none = enrol(7, admin)
    assert enrol(7, admin, voter)[1] == []


def test_new_pictures_are_a_new_question(admin):
    first, _none = enrol(7, admin)
    second, flags = enrol(7, admin)
    judge(flags[0], "different", "Twins, both were here", admin)
    assert same_face.doubtful([first.id, second.id]) == set()

    assert enrol(7, admin, second)[1][0].state is SameFace.PENDING
    assert enrol(90, admin, second)[1] == []
    assert same_face.search(None, second.id, 1).total == 0


def test_a_judgement_is_kept_with_who_and_why_and_the_second_judge_is_told(admin):
    enrol(7, admin)
    _second, flags = enrol(7, admin)
    seen = flags[0].mark
    judge(flags[0], "same_person", "The birth certificates are one", admin)

    row = db.session.scalars(select(AuditLog).where(AuditLog.event_type == "staff:face:judged")).one()
    assert (row.details["before"], row.details["after"]) == ("pending", "same_person")
    with pytest.raises(JudgedMeanwhile) as told:
        judge(flags[0], "different", "Two people", admin, seen)
    assert admin.name in told.value.message
    assert [flag.state for flag in same_face.flags_of(flags[0].voter)] == [SameFace.SAME_PERSON]


@pytest.mark.parametrize(("decision", "note", "field"), [("same_person", "", "note"), ("pending", "x", "decision")])
def test_a_judgement_is_one_of_two_and_has_a_reason(decision, note, field, admin):
    enrol(7, admin)
    with pytest.raises(ValidationFailed) as refused:
        judge(enrol(7, admin)[1][0], decision, note, admin)
    assert field in refused.value.fields
    with pytest.raises(NotFound):
        same_face.judge(0, "different", "x", "", admin)


def test_withdrawing_the_consent_does_not_make_the_doubt_go_away(admin):
    first, _none = enrol(7, admin)
    second, _flags = enrol(7, admin)
    with transaction():
        enrolment.withdraw(second.id, admin)
    assert same_face.doubtful([first.id, second.id]) == {first.id, second.id}
    assert db.session.get(FaceMean, second.id) is None


def test_a_doubtful_voter_on_the_roll_is_a_warning_and_no_hindrance(admin, open_election):
    voter = acting.only_voter(open_election)
    assert same_face.opening_warning(open_election) is None
    enrol(7, admin, voter)
    enrol(7, admin)

    assert "1 voter on the roll has a face" in (same_face.opening_warning(open_election) or "")
    warned = [finding.blocks for finding in check(open_election) if finding.code == "same_face"]
    assert warned == [False]
    assert identification.start(voting.make_kiosk(open_election), voter.voter_id, admin).challenge is not None
