"""What the metrics tell of the database: votes, sealed batches, mail that waits, the worker, elections."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from models import Election, ElectionStatus, EmailMessage, MailStatus, SealBatch, Vote, db
from services import worker_beats
from services.email_service import queue_state
from services.metrics import PREFIX

log = logging.getLogger(__name__)

KEPT_SECONDS = 5.0
"""However often somebody asks, each process counts the tables no more often than this."""
IN_THE_OUTBOX = (MailStatus.QUEUED, MailStatus.SENDING, MailStatus.FAILED, MailStatus.BOUNCED)


@dataclass
class _Kept:
    """The figures counted last, and when on the monotonic clock."""

    at: float | None = None
    metrics: list[Metric] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


_kept = _Kept()


def figures() -> list[Metric]:
    """Return the figures, at most 5 s old; while the database does not answer only that it does not."""
    with _kept.lock:
        if _kept.at is None or time.monotonic() - _kept.at >= KEPT_SECONDS:
            _kept.metrics, _kept.at = count(), time.monotonic()
        return _kept.metrics


def count() -> list[Metric]:
    """Count now."""
    try:
        found: list[Metric] = [_votes(), _batches(), _outbox(), _queue_pause(), _elections(), *_worker()]
    except SQLAlchemyError as error:
        log.error("The figures could not be counted: %s", type(error).__name__)
        return [_database_up(0)]
    return [_database_up(1), *found]


def _database_up(value: int) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_database_up", "1 while the database answers.", value)


def _votes() -> Metric:
    """Count over all elections: the metric of one would tell when somebody voted in it."""
    votes = db.session.scalar(select(func.count()).select_from(Vote)) or 0
    return CounterMetricFamily(f"{PREFIX}_votes", "Votes cast, in all elections together.", votes)


def _batches() -> Metric:
    sealed = select(func.count()).select_from(SealBatch).where(SealBatch.sealed_at.is_not(None))
    return CounterMetricFamily(f"{PREFIX}_sealed_batches", "Batches of ballots sealed.", db.session.scalar(sealed) or 0)


def _outbox() -> Metric:
    rows = db.session.execute(
        select(EmailMessage.status, func.count())
        .where(EmailMessage.status.in_(IN_THE_OUTBOX))
        .group_by(EmailMessage.status)
    )
    known = {status: int(number) for status, number in rows}
    metric = GaugeMetricFamily(f"{PREFIX}_outbox_mails", "Mails that have not left, by status.", labels=["status"])
    for status in IN_THE_OUTBOX:
        metric.add_metric([status.value], known.get(status, 0))
    return metric


def _queue_pause() -> Metric:
    said = "1 while no mail at all can leave, and the queue waits."
    return GaugeMetricFamily(f"{PREFIX}_mail_queue_paused", said, int(queue_state.current_pause() is not None))


def _elections() -> Metric:
    rows = db.session.execute(select(Election.status, func.count()).group_by(Election.status))
    known = {status: int(number) for status, number in rows}
    metric = GaugeMetricFamily(f"{PREFIX}_elections", "Elections by status.", labels=["status"])
    for status in ElectionStatus:
        metric.add_metric([status.value], known.get(status, 0))
    return metric


def _worker() -> list[Metric]:
    """Return the youngest worker's age in seconds and how many stand still, nothing while there is no worker."""
    age = worker_beats.age()
    if age is None:
        return []
    said = "Seconds since any worker's last sign of life."
    silent = "Workers without a sign of life for two minutes, though others may do their work."
    return [
        GaugeMetricFamily(f"{PREFIX}_worker_age_seconds", said, age.total_seconds()),
        GaugeMetricFamily(f"{PREFIX}_workers_silent", silent, len(worker_beats.silent())),
    ]
