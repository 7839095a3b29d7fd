"""Signing in: the password, then a code by mail, unless the voter trusts this browser."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select

from models import CodeUse, Registration, Voter, VoterStatus, db
from services import audit_logger, metrics
from services.actor import Actor
from services.security import hash_password, verify_password
from services.security.passwords import waste_time
from services.security.tries import Tries, minutes
from services.voter_accounts import codes, devices, sessions
from services.voter_accounts.codes import CodeOutcome, CodeState


@dataclass(frozen=True)
class Entry:
    """What a password led to: a session (`token`), a code to type (`ticket`), or the words of a refusal.

    `retry_after`: the address has to wait. `known`: the password was right, but there is no way in yet.
    """

    token: str = ""
    ticket: str = ""
    message: str = ""
    retry_after: timedelta | None = None
    known: bool = False


@dataclass(frozen=True)
class CodeEntry:
    """What a code led to: the session, and the token of a browser that is trusted from now on ('' for none)."""

    outcome: CodeOutcome
    token: str = ""
    device: str = ""


def enter(email: str, password: str, device: str, actor: Actor, sign_in: str) -> Entry:
    """Check address and password; a right one queues a code, or signs in where `device` is a trusted browser.

    The work is the same for an address that nobody has. Failures count by address and account together. Raises
    TooMany when too many codes went to this address.
    """
    tries = Tries(f"voter:{email.lower()}", actor.ip)
    tries.queue_up()
    if (wait := tries.waiting_time()) is not None:
        audit_logger.record("voter:session:delayed", actor)
        words = _("Too many wrong passwords. Try again in %(minutes)s minutes.", minutes=minutes(wait))
        return Entry(message=words, retry_after=wait)
    voter, waiting = _voter_of(email), _waiting_of(email)
    if not _password_fits(voter, waiting, password):
        return _refused(tries, actor, voter)
    tries.forget()
    if voter is None or voter.password_hash is None:
        return Entry(message=_("Your registration waits for the Election Commission. A mail tells you."), known=True)
    if voter.status is not VoterStatus.VERIFIED:
        return Entry(message=_("Your entry is suspended. Ask the Election Commission."), known=True)
    if devices.is_trusted(voter, device):
        return Entry(token=sessions.start(voter, actor))
    return Entry(ticket=codes.issue(CodeUse.SIGN_IN, voter.email or email, voter, sign_in))


def enter_code(ticket: str, typed: str, trust: bool, actor: Actor) -> CodeEntry:
    """Take the mailed code and start the session; `trust` keeps this browser from being asked again."""
    outcome = codes.check(CodeUse.SIGN_IN, ticket, typed)
    voter = outcome.row.voter if outcome.row else None
    if outcome.state is not CodeState.GOOD or voter is None:
        metrics.count(metrics.Event.FAILED_SIGN_IN)
        audit_logger.record("voter:code:refused", actor)
        return CodeEntry(outcome)
    if voter.password_hash is None or voter.status is not VoterStatus.VERIFIED:
        return CodeEntry(CodeOutcome(CodeState.OVER))
    token = sessions.start(voter, actor)
    return CodeEntry(outcome, token, devices.trust(voter, actor) if trust else "")


def _password_fits(voter: Voter | None, waiting: Registration | None, password: str) -> bool:
    """Check one hash, whoever it belongs to, and nobody's where there is none."""
    owner = voter if voter is not None and voter.password_hash else waiting
    if owner is None or owner.password_hash is None:
        waste_time(password)
        return False
    matches, needs_rehash = verify_password(password, owner.password_hash)
    if needs_rehash:
        owner.password_hash = hash_password(password)
    return matches


def _voter_of(email: str) -> Voter | None:
    return db.session.scalar(select(Voter).where(func.lower(Voter.email) == email.lower()))


def _waiting_of(email: str) -> Registration | None:
    confirmed = Registration.confirmed_at.is_not(None)
    return db.session.scalar(select(Registration).where(func.lower(Registration.email) == email.lower(), confirmed))


def _refused(tries: Tries, actor: Actor, voter: Voter | None) -> Entry:
    tries.note()
    metrics.count(metrics.Event.FAILED_SIGN_IN)
    audit_logger.record("voter:session:refused", actor, voter_number=voter.voter_id if voter else None)
    return Entry(message=_("That e-mail address and password do not match."))
