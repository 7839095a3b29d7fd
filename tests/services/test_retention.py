"""What goes and what stays: pictures of attempts by age and room, evidence, files that no row names, logs."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from models import (
    AuditLog,
    AuthEvent,
    AuthResult,
    ElectionStatus,
    EmailMessage,
    MailStatus,
    Review,
    VoterFace,
    db,
    transaction,
    use_role,
)
from services import elections, retention
from services.actor import SYSTEM
from services.clock import utc_now
from services.context import platform
from services.jobs import TASKS
from services.retention import Swept
from services.storage import FACES, FRAUD_ATTEMPTS, LocalStorage
from tests import factories

MB = 1024 * 1024
HOUR = timedelta(hours=1)


@pytest.fixture
def store(app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalStorage:
    """A storage of this test alone."""
    storage = LocalStorage(tmp_path / "pictures", platform().cipher)
    monkeypatch.setattr(platform(), "storage", storage)
    return storage


@pytest.fixture
def settings(store: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def change(**values: Any) -> None:
        monkeypatch.setattr(platform(), "settings", replace(platform().settings, **values))

    change(log_folder=tmp_path / "log")
    return change


@pytest.fixture
def attempt(store: LocalStorage, settings: Any) -> Callable[..., AuthEvent]:
    """Record an attempt of some days ago with a picture of so many bytes."""

    def make(days: float = 0, review: Review | None = None, size: int = 100, folder: str = FRAUD_ATTEMPTS) -> AuthEvent:
        event = AuthEvent(
            voter_id_input="20481735",
            result=AuthResult.SUCCESS if folder == FACES else AuthResult.MISMATCH,
            snapshot_path=store.save_private(folder, os.urandom(size)),
            review=review,
            created_at=utc_now() - timedelta(days=days),
        )
        db.session.add(event)
        db.session.commit()
        return event

    return make


def age(store: LocalStorage, path: str, by: timedelta = 2 * HOUR) -> None:
    moment = (utc_now() - by).timestamp()
    os.utime(store.root / path, (moment, moment))


def sweep() -> Swept:
    with use_role("sealer"):
        swept = retention.sweep(transaction)
    db.session.expire_all()
    return swept


def there(store: LocalStorage, path: str | None) -> bool:
    return path is not None and (store.root / path).is_file()


def audits() -> list[tuple[str, int]]:
    rows = db.session.scalars(select(AuditLog).where(AuditLog.event_type == "worker:pictures:removed"))
    return [(row.details["reason"], row.details["count"]) for row in rows]


@pytest.mark.parametrize("folder", [FACES, FRAUD_ATTEMPTS])
def test_a_picture_goes_after_its_days_and_the_attempt_keeps_its_row(folder, attempt, store):
    event = attempt(days=31, folder=folder)
    number, path = event.id, event.snapshot_path

    assert sweep() == Swept(expired=1)
    assert db.session.get(AuthEvent, number).snapshot_path is None
    assert not there(store, path)
    assert audits() == [("expired", 1)]


def test_a_younger_picture_stays(attempt, store):
    path = attempt(days=29).snapshot_path
    assert sweep() == Swept()
    assert there(store, path)
    assert audits() == []


def test_the_number_of_days_is_a_setting(attempt, settings):
    settings(snapshot_days=10)
    attempt(days=11)
    assert sweep().expired == 1


def test_evidence_under_review_stays_whatever_its_age_and_size(attempt, store, settings):
    settings(snapshot_mb=1)
    path = attempt(days=400, review=Review.PENDING, size=2 * MB).snapshot_path

    assert sweep() == Swept()
    assert there(store, path)


@pytest.mark.parametrize("review", [Review.CONFIRMED, Review.REJECTED])
def test_once_reviewed_it_is_a_picture_like_any_other(review, attempt):
    attempt(days=31, review=review)
    assert sweep().expired == 1


@pytest.mark.parametrize(("status", "stays"), [("closed", True), ("archived", False)])
def test_the_picture_of_a_rejected_identification_stays_until_its_election_is_archived(
    status, stays, attempt, open_election
):
    elections.close_election(open_election, SYSTEM)
    event = attempt(days=400, review=Review.REJECTED, folder=FACES)
    event.election_id = open_election.id
    if status == "archived":
        open_election.status = ElectionStatus.ARCHIVED
    db.session.commit()
    assert sweep().expired == (0 if stays else 1)


def test_above_the_limit_of_room_the_oldest_go_first_and_only_as_many_as_needed(attempt, store, settings):
    settings(snapshot_mb=3)
    events = [attempt(days=days, size=MB) for days in (5, 4, 3, 2)]  # encrypted, each takes a third more
    paths = [event.snapshot_path for event in events]

    assert sweep() == Swept(crowded=2)
    assert [there(store, path) for path in paths] == [False, False, True, True]
    assert audits() == [("no_room", 2)]


def test_evidence_counts_towards_the_limit_and_others_go_in_its_place(attempt, store, settings):
    settings(snapshot_mb=2)
    evidence = attempt(days=9, review=Review.PENDING, size=MB).snapshot_path
    other = attempt(days=1, size=MB).snapshot_path

    assert sweep().crowded == 1
    assert there(store, evidence)
    assert not there(store, other)


@pytest.mark.parametrize(("status", "stays"), [(MailStatus.QUEUED, True), (MailStatus.SENT, False)])
def test_the_picture_of_a_mail_that_has_yet_to_leave_stays(status, stays, attempt, store):
    path = attempt(days=31).snapshot_path
    db.session.add(EmailMessage(kind="x", recipient="a@example.org", subject="x", attachment_path=path, status=status))
    db.session.commit()

    assert sweep().expired == (0 if stays else 1)
    assert there(store, path) is stays


def test_a_file_that_no_row_names_goes_after_an_hour(store, settings):
    old, young = store.save_private(FACES, b"old"), store.save_private(FACES, b"young")
    age(store, old)

    assert sweep() == Swept(orphans=1)
    assert (there(store, old), there(store, young)) == (False, True)
    assert audits() == [("no_row", 1)]


def test_what_a_broken_write_left_behind_goes_too(store, settings):
    path = store.save_private(FACES, b"x")
    part = (store.root / path).with_suffix(".ab12.part")
    part.write_bytes(b"half")
    os.utime(part, (1, 1))
    assert sweep().orphans == 1
    assert not part.exists()


def test_files_that_a_row_names_stay_however_old(store, settings, open_election):
    voter = factories.VoterFactory()
    face = store.save_private(FACES, b"face")
    symbol, portrait = store.save_public(b"symbol", "png"), store.save_public(b"portrait", "jpg")
    mailed = store.save_private(FRAUD_ATTEMPTS, b"mailed")
    db.session.add(VoterFace(voter_id=voter.id, slot=1, encoding=b"x", quality={}, image_snapshot_path=face))
    factories.CandidateFactory(image_path=portrait, party=factories.PartyFactory(symbol_path=symbol))
    db.session.add(EmailMessage(kind="x", recipient="a@example.org", subject="x", attachment_path=mailed))
    db.session.commit()
    paths = [face, symbol, portrait, mailed]
    for path in paths:
        age(store, path, timedelta(days=400))

    assert sweep() == Swept()
    assert all(there(store, path) for path in paths)


def test_a_picture_that_only_a_frozen_definition_names_stays(store, settings):
    frozen = store.save_public(b"portrait", "jpg")
    election = factories.ElectionFactory()
    candidate = factories.CandidateFactory(election=election, image_path=frozen)
    factories.CandidateFactory(election=election)
    factories.RollEntryFactory(election=election)
    db.session.refresh(election)
    elections.open_election(election, SYSTEM)
    db.session.commit()
    assert frozen in (election.definition or "")
    number = candidate.id
    with use_role("owner"):
        # No service does this to an open election; its frozen definition must be enough to keep the picture.
        db.session.execute(db.text("ALTER TABLE candidates DISABLE TRIGGER USER"))
        db.session.execute(db.text("UPDATE candidates SET image_path = NULL WHERE id = :id"), {"id": number})
        db.session.commit()
    age(store, frozen)

    assert sweep() == Swept()
    assert there(store, frozen)


def test_a_public_picture_stored_again_is_young_again(store, settings):
    path = store.save_public(b"portrait", "jpg")
    age(store, path)
    assert store.save_public(b"portrait", "jpg") == path
    assert sweep() == Swept()


def test_a_file_that_is_stored_again_while_the_sweep_runs_stays(store):
    path = store.save_public(b"portrait", "jpg")
    age(store, path)
    (listed,) = store.files()
    store.save_public(b"portrait", "jpg")
    assert store.delete_older(listed) is False
    assert there(store, path)


def sweep_expired() -> None:
    with transaction():
        assert retention.remove_expired(retention.WORKER) == 1


def broken() -> None:
    raise RuntimeError


def test_when_the_transaction_fails_no_file_is_gone(attempt, store, monkeypatch):
    event = attempt(days=31)
    path = event.snapshot_path
    with monkeypatch.context() as patch:
        patch.setattr(db.session, "commit", broken)
        with pytest.raises(RuntimeError):
            sweep_expired()
    assert there(store, path)
    assert db.session.get(AuthEvent, event.id).snapshot_path == path


def test_every_column_that_may_name_a_file_is_found_by_its_name():
    named = {
        f"{table.name}.{column.name}" for table in db.metadata.tables.values() for column in table.columns
        if column.name.endswith("_path")
    }  # fmt: skip
    assert named >= {
        "auth_events.snapshot_path", "voter_faces.image_snapshot_path", "parties.symbol_path",
        "candidates.image_path", "email_messages.attachment_path",
    }  # fmt: skip


def test_the_worker_looks_after_pictures_every_hour():
    assert {task.name: task.every_seconds for task in TASKS}["retain-pictures"] == 3600


@pytest.mark.commits
def test_the_operator_sweeps_with_flask_sweep(committing_app, monkeypatch):
    storage = platform().storage
    path = storage.save_private(FACES, b"nobody's")
    age(storage, path)
    answer = committing_app.test_cli_runner().invoke(args=["sweep"])

    assert answer.exit_code == 0, answer.output
    assert "1 files without a row" in answer.output
    assert not there(storage, path)


def test_the_age_is_told_by_the_clock_of_the_application(attempt):
    attempt()
    moment: datetime = utc_now() + timedelta(days=31)
    with time_machine.travel(moment, tick=False):
        assert sweep().expired == 1
