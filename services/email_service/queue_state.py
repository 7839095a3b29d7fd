"""The state of the whole queue, shared by all workers: paused or not, and how many mails a minute may leave."""

from __future__ import annotations

import hashlib
import hmac
import logging
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from models import MailQueueState, db
from services import audit_logger
from services.actor import Actor
from services.email_service.problems import NEEDS_A_PERSON, MailProblem
from services.email_service.rendering import single_line
from services.email_service.transports import TransportUnavailable

if TYPE_CHECKING:
    from config import Settings

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)
FIRST_STOP = timedelta(minutes=5)
LONGEST_STOP = timedelta(hours=1)
"""Refused sign-ins: at most 29 in a day, far below where mail providers lock an account."""
MOST_DOUBLINGS = 16
ERROR_CHARACTERS = 300


@dataclass(frozen=True)
class Gate:
    """Whether a mail may leave now; with `probe` it is the one that tries whether mails leave again."""

    open: bool
    probe: bool = False


@dataclass(frozen=True)
class Pause:
    """Why no mail leaves, since when, and when that is tried next; times are UTC."""

    problem: str | None
    last_error: str | None
    paused_at: datetime
    probe_at: datetime | None

    @property
    def needs_a_person(self) -> bool:
        return self.problem in NEEDS_A_PERSON


def settings_print(settings: Settings) -> str:
    """Return a keyed hash of what decides whether mails leave: other settings are tried at once."""
    parts = (
        settings.mail_transport, settings.mail_server, str(settings.mail_port), settings.email_user,
        settings.email_app_password, settings.mail_cafile, settings.email_from,
    )  # fmt: skip
    return hmac.new(settings.secret_key.encode(), "\n".join(parts).encode(), hashlib.sha256).hexdigest()[:32]


def enter(present: str, per_minute: int) -> Gate:
    """Tell whether a mail may be claimed in this transaction; the row is locked when something depends on it.

    While the queue is paused one worker at a time probes, and only when its time has come or its settings are
    other ones. `per_minute` 0 sets no limit. Call `passed` when a mail was claimed.
    """
    row = _state()
    if per_minute > 0 or (row is not None and row.paused_at is not None):
        row = _locked()
    if row is None:
        return Gate(open=True)
    now = db.session.scalars(select(func.clock_timestamp())).one()
    if row.paused_at is not None:
        return Gate(open=row.probe_at is None or row.probe_at <= now or row.settings_print != present, probe=True)
    return Gate(open=per_minute <= 0 or row.next_slot_at is None or row.next_slot_at <= now)


def passed(gate: Gate, present: str, per_minute: int) -> None:
    """Note that a mail was claimed: no other worker probes meanwhile, and the limit counts it.

    At most `per_minute` mails leave in a minute, and those of one second on top.
    """
    if gate.probe:
        _set(probe_at=func.clock_timestamp() + FIRST_STOP, settings_print=present)
    if per_minute > 0:
        every = timedelta(minutes=1) / per_minute
        saved_up = func.clock_timestamp() - every * math.ceil(per_minute / 60)
        _set(next_slot_at=func.greatest(MailQueueState.next_slot_at, saved_up) + every)


def pause(error: TransportUnavailable, present: str, actor: Actor) -> None:
    """Let no mail leave for a while, longer each time; what needs a person is tried again seldom, and audited once."""
    row = _locked()
    first, longest = (FIRST_STOP, LONGEST_STOP) if error.problem in NEEDS_A_PERSON else (FIRST_PAUSE, LONGEST_PAUSE)
    seconds = min(longest, first * 2 ** min(row.failures, MOST_DOUBLINGS)).total_seconds()
    if error.problem in NEEDS_A_PERSON and row.problem != error.problem:
        audit_logger.record("worker:mail:stopped", actor, reason=_said(error.problem))
    _set(
        paused_at=func.coalesce(MailQueueState.paused_at, func.clock_timestamp()),
        problem=error.problem.value,
        last_error=single_line(error)[:ERROR_CHARACTERS],
        failures=row.failures + 1,
        probe_at=func.clock_timestamp() + timedelta(seconds=seconds),
        settings_print=present,
    )
    log.error("No mail can leave; the next try is in %.0f s: %s", seconds, error)


def resume() -> None:
    """Note that mails leave again."""
    _set(paused_at=None, problem=None, last_error=None, failures=0, probe_at=None)
    log.info("Mails leave again.")


def probe_now(actor: Actor) -> bool:
    """Let the worker try at once whether mails leave again; tell whether the queue was paused at all."""
    if current_pause() is None:
        return False
    row = _locked()
    _set(probe_at=func.clock_timestamp(), failures=0)
    audit_logger.record("staff:mail:resumed", actor, reason=_said(row.problem or MailProblem.OTHER))
    return True


def current_pause() -> Pause | None:
    """Return why no mail leaves; None while they do."""
    row = _state()
    if row is None or row.paused_at is None:
        return None
    return Pause(row.problem, row.last_error, row.paused_at, row.probe_at)


def _state() -> Any:
    """Return the one row as plain values; None as long as nothing was ever noted."""
    return db.session.execute(select(*MailQueueState.__table__.columns)).first()


def _locked() -> Any:
    """Return the one row, locked; it is made when it is not there yet."""
    locked = select(*MailQueueState.__table__.columns).with_for_update()
    found = db.session.execute(locked).first()
    if found is None:
        db.session.execute(insert(MailQueueState).values(id=True).on_conflict_do_nothing())
        found = db.session.execute(locked).one()
    return found


def _set(**values: Any) -> None:
    db.session.execute(update(MailQueueState).values(**values).execution_options(synchronize_session=False))


def _said(problem: str) -> str:
    return problem.replace("_", " ")
