"""Setting the second step up, and taking it away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _

from models import StaffUser, db
from services import accounts, audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.errors import Conflict, ValidationFailed
from services.second_step import recovery
from services.second_step.checking import check, has_one
from services.second_step.secret import SETUP, SETUP_SECONDS, STORED, new_secret, seal, step_of, unseal
from services.staff.guard import find_by_name
from services.staff.sessions import end_all


@dataclass(frozen=True)
class Offer:
    """A secret that counts for nothing until it is confirmed; the page keeps it sealed between the two."""

    secret: str
    sealed: str


@dataclass(frozen=True)
class Refused:
    """A wrong password or code: it counts like one at signing in, so it is returned and committed, never raised."""

    field: str
    message: str
    retry_after: timedelta | None = None


def offer(user_id: int) -> Offer:
    """Return a new secret for the setup page, good for half an hour."""
    secret = new_secret()
    until = int(utc_now().timestamp()) + SETUP_SECONDS
    return Offer(secret, seal(secret, user_id, SETUP, until).decode("ascii"))


def reopen(user_id: int, sealed: str) -> Offer | None:
    """Return the offer that the page kept, None when it is over, somebody else's or changed."""
    secret = unseal(sealed.encode(), user_id, SETUP, utc_now())
    return Offer(secret, sealed) if secret else None


def confirm(user_id: int, sealed: str, password: str, code: str, actor: Actor) -> Refused | list[str]:
    """Turn the second step on with the password and a code of the offered secret; return the recovery codes.

    They are to be shown once. The password is asked for, so that an open desk is not enough to lock its owner out.
    Raises Conflict where there is one already, ValidationFailed for an offer that is over or a wrong code.
    """
    user = db.session.get_one(StaffUser, user_id, with_for_update=True, populate_existing=True)
    if has_one(user):
        raise Conflict(_("Your second step is set up already."))
    offered = reopen(user_id, sealed)
    if offered is None:
        raise ValidationFailed(fields={"sealed": _("This page is over. Here is a new code for your app.")})
    if refused := _prove_password(user, password, actor):
        return refused
    step = step_of(code, offered.secret, utc_now())
    if step is None:
        raise ValidationFailed(fields={"code": _("This is not the code that the app shows now. Type the next one.")})
    user.totp_secret, user.totp_last_step = seal(offered.secret, user.id, STORED), step
    codes = recovery.renew(user)
    audit_logger.record("staff:second_step:set_up", actor, username=user.username, before="off", after="on")
    return codes


def new_recovery_codes(user_id: int, password: str, actor: Actor) -> Refused | list[str]:
    """Replace the recovery codes by ten new ones; raises Conflict without a second step."""
    user = _with_second_step(user_id)
    if refused := _prove_password(user, password, actor):
        return refused
    codes = recovery.renew(user)
    audit_logger.record("staff:second_step:new_codes", actor, username=user.username, count=len(codes))
    return codes


def disable(user_id: int, password: str, code: str, actor: Actor) -> Refused | None:
    """Take the second step away after password and code (or recovery code); raises Conflict where there is none."""
    user = _with_second_step(user_id)
    if refused := _prove_password(user, password, actor):
        return refused
    outcome = check(user, code, actor)
    if not outcome.passed:
        return Refused("code", outcome.message, outcome.retry_after)
    _take_away(user, actor, "staff:second_step:disabled")
    return None


def reset(username: str, actor: Actor) -> None:
    """Take the second step of somebody away who lost app and recovery codes, and end the sessions; raises NotFound."""
    user = find_by_name(username)
    if not has_one(user):
        raise Conflict(_("%(name)s has no second step.", name=username))
    _take_away(user, actor, "staff:second_step:reset")
    end_all(user, actor)


def _with_second_step(user_id: int) -> StaffUser:
    user = db.session.get_one(StaffUser, user_id, with_for_update=True, populate_existing=True)
    if not has_one(user):
        raise Conflict(_("You have no second step."))
    return user


def _prove_password(user: StaffUser, password: str, actor: Actor) -> Refused | None:
    outcome = accounts.authenticate(user.username, password, actor)
    if outcome.user is not None:
        return None
    words = outcome.message if outcome.retry_after else _("This is not your password.")
    return Refused("password", words, outcome.retry_after)


def _take_away(user: StaffUser, actor: Actor, event_type: str) -> None:
    user.totp_secret, user.totp_last_step = None, None
    recovery.forget(user)
    audit_logger.record(event_type, actor, username=user.username, before="on", after="off")
