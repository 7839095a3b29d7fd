"""Faces go when no election needs them any more, leave nothing behind, and a signed certificate says how many."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import Text, cast, select

from models import (
    AuditLog,
    AuthEvent,
    AuthMethod,
    AuthResult,
    Challenge,
    Consent,
    DuplicateFlag,
    Election,
    FaceErasure,
    FaceMean,
    Review,
    RollEntry,
    Voter,
    VoterFace,
    db,
    transaction,
    use_role,
)
from services import elections, enrolment, face_erasure, identification
from services.actor import SYSTEM, Actor
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict
from services.face_service.means import Means
from services.jobs import TASKS
from tests import factories
from tests.services.identification import acting
from tests.support import voting

ADMIN = Actor("admin", 1, "admin")
DAY = timedelta(days=1)


@pytest.fixture
def voter(open_election: Election) -> Voter:
    """An enrolled voter on the roll of one election that has just closed."""
    found = acting.only_voter(open_election)
    acting.enrol(found)
    elections.close_election(open_election, SYSTEM)
    db.session.commit()
    return found


def run(days: float = 0) -> int:
    """Let the worker erase what is due in so many days."""
    with time_machine.travel(utc_now() + days * DAY, tick=False), use_role("sealer"):
        done = face_erasure.erase_due(transaction)
    db.session.expire_all()
    return done


def faces(voter_id: int) -> int:
    return len(db.session.scalars(select(VoterFace).where(VoterFace.voter_id == voter_id)).all())


def test_a_face_goes_after_its_days_and_not_before(voter):
    number = voter.id
    assert run(29) == 0
    assert faces(number) == 3
    assert run(31) == 1
    assert faces(number) == 0
    assert run(31) == 0


@pytest.mark.parametrize("status", ["draft", "active"])
def test_a_voter_of_an_election_that_is_a_draft_or_open_keeps_the_face(status, voter):
    other = factories.ElectionFactory() if status == "draft" else factories.make_open_election()
    factories.RollEntryFactory(election=other, voter=voter)
    assert run(400) == 0
    with pytest.raises(Conflict), transaction():
        face_erasure.erase_now("The club asked", ADMIN)


def test_the_last_of_several_elections_counts_and_so_does_a_later_enrolment(voter):
    with time_machine.travel(utc_now() + 20 * DAY, tick=False):
        other = factories.make_open_election()
        factories.RollEntryFactory(election=other, voter=voter)
        elections.close_election(other, SYSTEM)
        db.session.commit()
    assert run(31) == 0
    db.session.scalars(select(VoterFace)).first().created_at = utc_now() + 40 * DAY
    db.session.commit()
    assert run(60) == 0
    assert run(71) == 1


def test_a_voter_on_no_roll_waits_for_the_first_election(app):
    voter = factories.VoterFactory()
    acting.enrol(voter)
    assert run(4000) == 0
    assert face_erasure.outlook(utc_now()).unlisted == face_erasure.Share(1, 3)


def test_a_face_waits_for_the_review_of_an_attempt_and_the_certificate_counts_it(voter, open_election):
    judged = factories.VoterFactory()
    acting.enrol(judged)
    factories.RollEntryFactory(election=open_election, voter=judged)
    attempt = AuthEvent(
        election_id=open_election.id, voter_id=voter.id, voter_id_input=voter.voter_id, review=Review.PENDING,
        result=AuthResult.MISMATCH, method=AuthMethod.FACE,
    )  # fmt: skip
    db.session.add(attempt)
    db.session.commit()
    waiting, gone, number = voter.id, judged.id, attempt.id
    assert (run(31), faces(waiting), faces(gone)) == (1, 3, 0)
    assert "an attempt of theirs waits for a review: 1." in db.session.scalars(select(FaceErasure)).one().certificate
    with pytest.raises(Conflict), transaction():
        face_erasure.erase_now("The club asked", ADMIN)
    now = face_erasure.outlook(utc_now() + 31 * DAY)
    assert (now.reviewed, now.due.voters, now.ended.voters) == (face_erasure.Share(1, 3), 0, 0)

    db.session.get_one(AuthEvent, number).review = Review.REJECTED
    db.session.commit()
    assert (run(31), faces(waiting)) == (1, 0)


def test_nothing_of_a_face_is_left_in_rows_files_or_memory(voter):
    means = platform().faces.templates.means
    elsewhere = Means(platform().cipher)
    twin = factories.VoterFactory()
    acting.enrol(twin, 90)  # on no roll: this one stays
    kiosk = voting.make_kiosk(factories.make_open_election())
    db.session.add(Challenge(kiosk_id=kiosk.id, election_id=kiosk.election_id, voter_id=voter.id, steps=[],
                             state={"run": {"probes": ["sealed"]}}, expires_at=utc_now()))  # fmt: skip
    db.session.add(DuplicateFlag(voter_id=twin.id, other_id=voter.id, distance=0.2))
    db.session.commit()
    encodings = [item.encoding for item in platform().faces.templates.load(voter.id)]
    mean = means._opened(voter.id, db.session.get(FaceMean, voter.id).encoding)
    for each in (means, elsewhere):
        each.refresh()
        assert each.gallery.holds(mean)
    rows = db.session.scalars(select(VoterFace).where(VoterFace.voter_id == voter.id)).all()
    kept = twin.id
    sealed, paths = [row.encoding for row in rows], [row.image_snapshot_path for row in rows]

    assert run(31) == 1

    assert [path for path in paths if (platform().storage.root / path).exists()] == []
    assert db.session.scalars(select(FaceMean.voter_id)).all() == [kept]
    assert db.session.scalars(select(Challenge.state)).all() == [{}]
    assert db.session.scalars(select(DuplicateFlag)).all() == []
    for each in (means, elsewhere):
        each.refresh()
        assert not any(each.gallery.holds(one) for one in (mean, *encodings))
        assert each.gallery.count == 1
    traces = [one.hex() for one in (*sealed, *(encoding.tobytes() for encoding in encodings))]
    with use_role("owner"):
        for table in db.metadata.tables.values():
            for column in table.columns:
                words = "".join(str(value) for value in db.session.scalars(select(cast(column, Text))))
                assert not any(trace in words for trace in traces), column


def test_the_consent_notes_the_day_and_the_voter_then_shows_a_document(voter):
    number = voter.voter_id
    run(31)
    consent = db.session.scalars(select(Consent)).one()
    assert consent.faces_erased_at is not None
    assert consent.withdrawn_at is None
    later = factories.make_open_election()
    db.session.add(RollEntry(election_id=later.id, voter_id=consent.voter_id))
    db.session.commit()
    assert identification.start(voting.make_kiosk(later), number, SYSTEM).lookup.reason == "not_enrolled"


def test_the_certificate_tells_how_many_when_and_why_and_cannot_be_changed(voter):
    with transaction():
        done = face_erasure.erase_now("The club asked\nfor it", ADMIN)
    words = face_erasure.certificate(done.id)
    for line in ("Voters: 1", "Face templates: 3", "Pictures: 3", "By: admin", "Reason: The club asked for it"):
        assert f"{line}\n" in words
    assert face_erasure.is_genuine(words)
    for forged in (words.replace("Voters: 1", "Voters: 9"), words[:-3] + "xx\n", "", "Voters: 1", words + "x"):
        assert not face_erasure.is_genuine(forged), forged
    row = db.session.scalars(select(AuditLog).where(AuditLog.event_type == "staff:faces:erased")).one()
    assert (row.details["count"], row.details["pictures"]) == (1, 3)


def test_faces_go_by_lots_each_with_its_certificate(voter, open_election, monkeypatch):
    monkeypatch.setattr(face_erasure, "AT_ONCE", 2)
    for _number in range(2):
        other = factories.VoterFactory()
        acting.enrol(other)
        db.session.add(RollEntry(election_id=open_election.id, voter_id=other.id))
    db.session.commit()
    assert run(31) == 3
    assert [done.voters for done in db.session.scalars(select(FaceErasure).order_by(FaceErasure.id))] == [2, 1]


def test_the_outlook_names_days_and_the_elections_that_hold_faces(voter):
    second = factories.make_open_election(title="Harbour Trust")
    held = acting.only_voter(second)
    acting.enrol(held)
    now = utc_now()
    found = face_erasure.outlook(now)
    assert found.held == [("Harbour Trust", face_erasure.Share(1, 3))]
    assert [(share.voters, (day - now).days) for day, share in found.later] in ([(1, 29)], [(1, 30)])
    assert (found.due, found.ended) == (face_erasure.Share(), face_erasure.Share(1, 3))
    assert face_erasure.outlook(now + 31 * DAY).due == face_erasure.Share(1, 3)


def test_a_withdrawal_needs_no_certificate_and_the_worker_erases_every_hour(voter):
    with transaction():
        enrolment.withdraw(voter.id, ADMIN)
    assert run(31) == 0
    assert {task.name: task.every_seconds for task in TASKS}["erase-faces"] == 3600
