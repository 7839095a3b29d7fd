"""Asking for the second step: codes count once, failures wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, func, or_, select, update

from models import LoginFailure, SignInStep, StaffRole, StaffUser, db
from services import audit_logger, metrics
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.second_step import recovery
from services.second_step.secret import step_of, stored_secret
from services.security.tries import FAILURE_WINDOW, MAX_FAILURES, UNKNOWN_ADDRESS, minutes

MAX_FAILURES_EVERYWHERE = 20
"""From all addresses together: only who has the password gets here, so this locks nobody out from outside. Three of a
million codes are good at a time, so 1,920 tries a day find one with 0.6 %, and each stands in the audit log."""
CODES_LOCK = 0x544F5450
"""Class of the advisory locks under which the codes of one account are tried one after the other."""


@dataclass(frozen=True)
class StepOutcome:
    """Whether the code was good; else the words to show, and `retry_after` when the person has to wait."""

    passed: bool
    message: str = ""
    retry_after: timedelta | None = None
    recovery_left: int | None = None
    """Set when a recovery code was used."""


def has_one(user: StaffUser) -> bool:
    """Tell whether this person signs in with a second step."""
    return user.totp_secret is not None


def must_set_up(user: StaffUser) -> bool:
    """Tell whether the installation asks this person for a second step that is not there yet (REQUIRE_TOTP)."""
    wanted = platform().settings.require_totp
    asked = wanted == "all" or (wanted == "admins" and user.role is StaffRole.ADMIN)
    return asked and not has_one(user)


def check(user: StaffUser, code: str, actor: Actor) -> StepOutcome:
    """Check a code of the app, or a recovery code, of somebody whose password was right; each is good once."""
    db.session.execute(select(func.pg_advisory_xact_lock(CODES_LOCK, user.id)))
    if (wait := _waiting_time(user, actor)) is not None:
        audit_logger.record("staff:second_step:delayed", actor, username=user.username)
        words = _("Too many wrong codes. Try again in %(minutes)s minutes.", minutes=minutes(wait))
        return StepOutcome(False, words, wait)
    if recovery.looks_like_one(code):
        return _with_recovery_code(user, code, actor)
    return _passed(user, actor) if spend_code(user, code) else _refused(user, actor)


def spend_code(user: StaffUser, code: str) -> bool:
    """Use the step of a code up; tell whether it was good. The one used last, and older ones, are good no more."""
    secret = stored_secret(user)
    step = step_of(code, secret, utc_now()) if secret else None
    if step is None:
        return False
    unused = or_(StaffUser.totp_last_step.is_(None), StaffUser.totp_last_step < step)
    spending = update(StaffUser).where(StaffUser.id == user.id, unused).values(totp_last_step=step)
    return db.session.scalar(spending.returning(StaffUser.id)) is not None


def _with_recovery_code(user: StaffUser, code: str, actor: Actor) -> StepOutcome:
    if not recovery.spend(user, code):
        return _refused(user, actor)
    left = recovery.left(user)
    audit_logger.record("staff:second_step:recovered", actor, username=user.username, count=left)
    return _passed(user, actor, left)


def _passed(user: StaffUser, actor: Actor, left: int | None = None) -> StepOutcome:
    here = LoginFailure.ip_address == (actor.ip or UNKNOWN_ADDRESS)
    db.session.execute(delete(LoginFailure).where(_failures_of(user), here))
    return StepOutcome(True, recovery_left=left)


def _refused(user: StaffUser, actor: Actor) -> StepOutcome:
    address = actor.ip or UNKNOWN_ADDRESS
    failure = LoginFailure(username=user.username, ip_address=address, step=SignInStep.CODE, created_at=utc_now())
    db.session.add(failure)
    metrics.count(metrics.Event.FAILED_SIGN_IN)
    audit_logger.record("staff:second_step:refused", actor, username=user.username)
    words = _("This code is not right, or it was used already. Wait for the next one and type that.")
    return StepOutcome(False, words)


def _waiting_time(user: StaffUser, actor: Actor) -> timedelta | None:
    here = LoginFailure.ip_address == (actor.ip or UNKNOWN_ADDRESS)
    count_here, count, latest = db.session.execute(
        select(func.count().filter(here), func.count(), func.max(LoginFailure.created_at)).where(_failures_of(user))
    ).one()
    full = count_here >= MAX_FAILURES or count >= MAX_FAILURES_EVERYWHERE
    return latest + FAILURE_WINDOW - utc_now() if full else None


def _failures_of(user: StaffUser) -> ColumnElement[bool]:
    return (
        (LoginFailure.username == user.username)
        & (LoginFailure.step == SignInStep.CODE)
        & (LoginFailure.created_at > utc_now() - FAILURE_WINDOW)
    )
