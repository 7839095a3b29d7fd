"""What the worker does while the bucket is away: nothing is lost, nothing counts as a failure, and it is said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models import EmailMessage, ImportStatus, MailStatus, RollImport, db, transaction, use_role
from services import retention
from services.clock import utc_now
from services.context import platform
from services.email_service import queue_auth_failure_alert
from services.jobs.mail_queue import MailQueue
from services.storage import FRAUD_ATTEMPTS
from tests.services.email.conftest import make_event
from tests.support.voter_files import GOOD, taken_in, worked

pytestmark = pytest.mark.commits
ALWAYS = 99


class Postbox:
    """A mail server that takes everything."""

    def __init__(self):
        self.photos = []

    def send(self, mail):
        self.photos.append(mail.photo)

    def close(self):
        pass


@pytest.fixture
def site(make_committing_app, bucket_service, wire, at_once):
    app = make_committing_app(**bucket_service.settings(wire.port))
    with app.app_context():
        yield app


def mails():
    return db.session.execute(select(EmailMessage.kind, EmailMessage.status, EmailMessage.attempts)).all()


def test_what_waits_for_the_bucket_is_done_when_it_is_back(site, wire):
    with transaction():
        event = make_event()
        queue_auth_failure_alert(event)
    content = platform().storage.read(event.snapshot_path)
    job_id = taken_in(GOOD).id
    post = Postbox()
    wire.cut(ALWAYS, down=100)

    with use_role("sealer"):
        MailQueue(post, transaction).send_one()
    assert [tuple(row[1:]) for row in mails()] == [(MailStatus.QUEUED, 0)], "it was never tried"
    for _ in range(7):  # more often than an import may fail
        assert worked() == 1
        over = update(RollImport).values(locked_until=utc_now() - timedelta(seconds=1))
        with use_role("owner"), transaction():
            db.session.execute(over)
    job = db.session.get_one(RollImport, job_id)
    assert (job.status, job.attempts) == (ImportStatus.CHECKING, 0)

    wire.mend()
    assert worked() == 1
    db.session.expire_all()
    assert db.session.get_one(RollImport, job_id).status is ImportStatus.CHECKED
    with use_role("owner"), transaction():
        db.session.execute(update(EmailMessage).values(next_attempt_at=utc_now() - timedelta(seconds=1)))
    with use_role("sealer"):
        MailQueue(post, transaction).send_one()
    assert post.photos == [content]


def test_the_commissioner_is_told_by_the_worker_and_the_sweep_goes_on_when_the_bucket_is_back(site, wire):
    orphan = platform().storage.save_private(FRAUD_ATTEMPTS, b"nobody's")
    with use_role("sealer"):
        assert not retention.watch_storage(transaction)
        wire.cut(ALWAYS, down=0)
        assert retention.watch_storage(transaction)
        assert retention.watch_storage(transaction)
    assert [row.kind for row in mails()] == ["system_alert"], "once an hour"
    wire.mend()
    with use_role("sealer"):
        assert retention.sweep(transaction).orphans == 0, "a young file may get its row yet"
    assert platform().storage.find(orphan) is not None
