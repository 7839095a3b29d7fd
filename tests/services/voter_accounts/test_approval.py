"""The commission's decision: against the roll, with the face beside it; nothing of a refused person stays."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from models import AuditLog, Consent, Registration, VoterFace, VoterStatus, db
from services import voter_accounts
from services.actor import Actor
from services.context import platform
from services.errors import Conflict, NotFound, ValidationFailed
from services.voter_accounts import enter
from services.voters import FieldConflict
from tests import factories
from tests.services.identification import acting
from tests.support.voter_accounts import ADDRESS, ANYBODY, mails_to, text_of, waiting, with_account

pytestmark = pytest.mark.usefixtures("app")
ADMIN = Actor("admin", None, "ada", "192.0.2.1")


def faces_of(voter):
    return db.session.scalar(select(func.count()).select_from(VoterFace).where(VoterFace.voter_id == voter.id))


def test_a_new_voter_gets_an_account_a_face_and_a_mail():
    row = waiting()
    path = row.photo_path
    voter = voter_accounts.approve(row.id, None, ADMIN, ADDRESS)
    db.session.commit()

    assert (voter.name, voter.email, voter.status) == ("Rosa Demir", "rosa@example.org", VoterStatus.VERIFIED)
    assert faces_of(voter) == 1
    assert db.session.scalar(select(Consent.text_version).where(Consent.voter_id == voter.id)).startswith("account-")
    assert db.session.scalar(select(Registration)) is None
    assert platform().storage.find(path) is None
    assert ADDRESS in text_of(mails_to("rosa@example.org")[-1])
    assert enter("rosa@example.org", factories.PASSWORD, "", ANYBODY, ADDRESS).ticket


def test_the_voter_of_the_roll_is_found_and_linked_and_the_old_address_is_told():
    voter = factories.VoterFactory(name="rosa demir", email="old@example.org", dob=None)
    other = factories.VoterFactory(name="Somebody Else")
    row = waiting(voter_id=voter.voter_id)
    found = voter_accounts.matches(row)
    assert [(one.voter, set(one.same)) for one in found] == [(voter, {"name", "voter_id"})]
    assert found[0].is_likely

    linked = voter_accounts.approve(row.id, voter.id, ADMIN, ADDRESS)
    db.session.commit()
    assert linked is voter
    assert (voter.email, voter.dob.year) == ("rosa@example.org", 1984)
    assert "another e-mail address" in text_of(mails_to("old@example.org")[-1])
    assert other.password_hash is None


def test_a_face_that_is_enrolled_under_another_name_is_shown_whatever_was_typed():
    known = factories.VoterFactory(name="Ada Known")
    acting.enrol(known, person=7)
    match = voter_accounts.matches(waiting(person=7))[0]
    assert (match.voter, match.same, match.face) == (known, (), True)
    assert not match.is_likely


def test_another_face_than_the_enrolled_one_speaks_against_a_match():
    known = factories.VoterFactory(name="Rosa Demir", email="rosa@example.org", dob=None)
    acting.enrol(known, person=7)
    match = voter_accounts.matches(waiting(person=8))[0]
    assert (match.voter, match.face, match.is_likely) == (known, False, False)


def test_pictures_that_the_desk_enrolled_stay():
    known = factories.VoterFactory()
    acting.enrol(known, person=7)
    before = faces_of(known)
    voter_accounts.approve(waiting(person=7).id, known.id, ADMIN, ADDRESS)
    db.session.commit()
    assert faces_of(known) == before


def test_nobody_gets_a_second_account_and_no_suspended_voter_gets_one():
    row = waiting()
    taken, suspended = with_account(), factories.VoterFactory(status=VoterStatus.SUSPENDED)
    for voter in (taken, suspended):
        with pytest.raises(Conflict):
            voter_accounts.approve(row.id, voter.id, ADMIN, ADDRESS)
        db.session.rollback()
    assert voter_accounts.waiting_count() == 1


def test_an_address_of_another_voter_is_not_taken_over():
    factories.VoterFactory(email="rosa@example.org")
    row, other = waiting(), factories.VoterFactory()
    for voter_id in (None, other.id):
        with pytest.raises(FieldConflict):
            voter_accounts.approve(row.id, voter_id, ADMIN, ADDRESS)
        db.session.rollback()


def test_a_refusal_is_mailed_with_its_reason_and_deletes_entries_and_photo():
    row = waiting()
    path = row.photo_path
    with pytest.raises(ValidationFailed):
        voter_accounts.refuse(row.id, " . ", ADMIN, ADDRESS)
    voter_accounts.refuse(row.id, "Nobody of this name is a member.", ADMIN, ADDRESS)
    db.session.commit()

    assert "Nobody of this name is a member." in text_of(mails_to("rosa@example.org")[-1])
    assert db.session.scalar(select(Registration)) is None
    assert platform().storage.find(path) is None
    events = select(AuditLog.event_type).where(AuditLog.event_type.like("%:registration:%"))
    assert set(db.session.scalars(events)) == {"voter:registration:confirmed", "staff:registration:refused"}


def test_what_somebody_else_decided_meanwhile_is_not_decided_again():
    row_id = waiting().id
    voter_accounts.refuse(row_id, "No member", ADMIN, ADDRESS)
    db.session.commit()
    with pytest.raises(NotFound):
        voter_accounts.approve(row_id, None, ADMIN, ADDRESS)


def test_neither_name_nor_address_of_a_registration_stands_in_the_audit_log():
    voter_accounts.approve(waiting().id, None, ADMIN, ADDRESS)
    db.session.commit()
    said = " ".join(str((row.actor, row.details)) for row in db.session.scalars(select(AuditLog)))
    assert "Rosa" not in said
    assert "rosa@" not in said
