"""Staff accounts: signing in, waiting after failures, sessions, first admin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import contains_eager

from models import Election, LoginFailure, StaffRole, StaffSession, StaffUser, db
from services import audit_logger, metrics
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, NotFound, ValidationFailed
from services.savepoints import savepoint
from services.security import hash_password, hash_token, new_token, verify_password
from services.security.passwords import MIN_LENGTH, waste_time
from services.security.tries import Tries, minutes
from services.security.weak_passwords import Weakness, find_weakness

SESSION_LIFETIME = timedelta(hours=12)
EASY_TO_GUESS = {
    Weakness.COMMON: N_(
        "This password is easy to guess: it is one of those that people use most, or much like one."
        " Take three or more words that do not belong together."
    ),
    Weakness.CONTEXT: N_(
        "This password is easy to guess: little is left of it without your name, your address and the words of this"
        " system. Take three or more words that do not belong together."
    ),
}


@dataclass(frozen=True)
class SignInOutcome:
    """The result of a sign-in: the user, or the words to show; `retry_after` when the address has to wait.

    With a password alone: whoever lets somebody in asks for the second step of who has one (`services.second_step`).
    """

    user: StaffUser | None
    message: str = ""
    retry_after: timedelta | None = None


def authenticate(username: str, password: str, actor: Actor) -> SignInOutcome:
    """Check a name and a password; failures count by account and address together, so nobody locks the staff out."""
    tries = Tries(username, actor.ip)
    tries.queue_up()
    user = db.session.scalar(select(StaffUser).where(StaffUser.username == username, StaffUser.is_active))
    if (wait := tries.waiting_time()) is not None:
        audit_logger.record("staff:session:delayed", actor, username=username[:100])
        words = _("Too many wrong passwords. Try again in %(minutes)s minutes.", minutes=minutes(wait))
        return SignInOutcome(None, words, wait)
    if user is None:
        waste_time(password)
        return _fail(tries, actor)
    matches, needs_rehash = verify_password(password, user.password_hash)
    if not matches:
        return _fail(tries, actor)
    if needs_rehash:
        user.password_hash = hash_password(password)
    tries.forget()
    return SignInOutcome(user)


def start_session(user: StaffUser, actor: Actor, election_id: int | None = None) -> str:
    """Make a session and return the token that the browser keeps; its desk shows the election, where one is given."""
    token = new_token()
    now = utc_now()
    still_there = select(Election.id).where(Election.id == election_id)
    db.session.add(
        StaffSession(
            staff_user_id=user.id,
            token_hash=hash_token(token),
            election_id=db.session.scalar(still_there) if election_id else None,
            ip_address=actor.ip,
            user_agent=actor.user_agent,
            last_seen_at=now,
        )
    )
    user.last_login_at = now
    audit_logger.record("staff:session:started", actor, username=user.username, role=user.role.value)
    return token


def find_session(token: str) -> StaffSession | None:
    """Return the live session of this token, unless it ended, is too old or silent, or its user was deactivated."""
    return _live(StaffSession.token_hash == hash_token(token))


def live_session(session_id: int) -> StaffSession | None:
    """Return the session of this number, as `find_session` does for its token."""
    return _live(StaffSession.id == session_id)


def _live(which: ColumnElement[bool]) -> StaffSession | None:
    return _with_user(which, is_open())


def _with_user(*which: ColumnElement[bool]) -> StaffSession | None:
    found = select(StaffSession).join(StaffSession.staff_user).options(contains_eager(StaffSession.staff_user))
    return db.session.scalar(found.where(*which, StaffUser.is_active))


def is_open() -> ColumnElement[bool]:
    """Return what holds for a session that nobody ended, and that is neither too old nor silent for too long."""
    now = utc_now()
    return (
        StaffSession.ended_at.is_(None)
        & (StaffSession.created_at > now - SESSION_LIFETIME)
        & (StaffSession.last_seen_at > now - idle_time())
    )


def idle_time() -> timedelta:
    """Return how long a session may be silent (SESSION_IDLE_MINUTES)."""
    return timedelta(minutes=platform().settings.session_idle_minutes)


def find_silent(token: str) -> StaffSession | None:
    """Return the session of this token when silence ended it, and neither its age nor anybody before."""
    now = utc_now()
    found = _with_user(StaffSession.token_hash == hash_token(token), StaffSession.created_at > now - SESSION_LIFETIME)
    return found if found and (found.ended_at or now) - found.last_seen_at >= idle_time() else None


def end_silent(session_id: int, actor: Actor) -> None:
    """End a silent session for good, whatever the setting becomes; once, however many pages of it come back."""
    ending = update(StaffSession).where(StaffSession.id == session_id, StaffSession.ended_at.is_(None))
    if db.session.scalar(ending.values(ended_at=utc_now()).returning(StaffSession.id)) is not None:
        audit_logger.record("staff:session:silent", actor, subject_id=session_id)


def end_session(session_id: int, actor: Actor) -> None:
    """End a session; its token is worth nothing from then on."""
    db.session.get_one(StaffSession, session_id).ended_at = utc_now()
    audit_logger.record("staff:session:ended", actor)


def select_election(session_id: int, election_id: int) -> None:
    """Remember which election the desk shows."""
    db.session.get_one(StaffSession, session_id).election_id = election_id


def confirm_password(user_id: int, password: str, actor: Actor) -> bool:
    """Check the signed-in person's own password once more; failures count like those of signing in."""
    user = db.session.get_one(StaffUser, user_id)
    return authenticate(user.username, password, actor).user is not None


def change_password(user_id: int, old: str, new: str, session_id: int, actor: Actor) -> SignInOutcome:
    """Give the signed-in person a new password and end the other sessions; without the old one refuse with words.

    Raises ValidationFailed for a password that is short or easy to guess, or the one there is.
    """
    user = db.session.get_one(StaffUser, user_id)
    outcome = authenticate(user.username, old, actor)
    if outcome.user is None:
        return outcome
    if new == old:
        raise ValidationFailed(fields={"password": _("This is the password you have. Choose another one.")})
    check_password(new, user.username, user.name, user.email)
    user.password_hash = hash_password(new)
    others = update(StaffSession).where(
        StaffSession.staff_user_id == user.id, StaffSession.id != session_id, StaffSession.ended_at.is_(None)
    )
    ended = db.session.scalars(others.values(ended_at=utc_now()).returning(StaffSession.id)).all()
    audit_logger.record("staff:password:changed", actor, username=user.username, count=len(ended))
    return outcome


def check_password(password: str, *about: str | None) -> None:
    """Raise ValidationFailed for a password that is too short, or easy to guess for who knows `about` whom it is."""
    if len(password) < MIN_LENGTH:
        raise ValidationFailed(fields={"password": _("Use %(count)s characters or more.", count=MIN_LENGTH)})
    weakness = find_weakness(password, about)
    if weakness is not None:
        raise ValidationFailed(fields={"password": str(EASY_TO_GUESS[weakness])})


def create_staff(username: str, password: str, role: StaffRole, actor: Actor, email: str | None = None) -> StaffUser:
    """Add a staff member; raises ValidationFailed as `check_password` and Conflict for a name in use."""
    check_password(password, username, email)
    return add_staff(username, hash_password(password), role, actor, email)


def add_staff(username: str, password_hash: str, role: StaffRole, actor: Actor, email: str | None = None) -> StaffUser:
    """Add a staff member whose password is known as a hash only; raises Conflict for a name or an address in use."""
    user = StaffUser(username=username, email=email, password_hash=password_hash, role=role)
    taken = Conflict(_("There is a staff member called %(name)s.", name=username))
    address = Conflict(_("Somebody of the staff has this e-mail address."))
    with savepoint({"uq_staff_users_username": taken, "uq_staff_users_email_lower": address}):
        db.session.add(user)
    audit_logger.record("staff:account:created", actor, username=username, role=role.value)
    return user


def unlock(username: str, actor: Actor) -> int:
    """Forget the failures of an account from every address; return how many there were. Raises NotFound."""
    if not db.session.scalar(select(StaffUser.id).where(StaffUser.username == username)):
        raise NotFound(_("There is no staff member called %(name)s.", name=username))
    forgotten = db.session.scalars(
        delete(LoginFailure).where(LoginFailure.username == username).returning(LoginFailure.id)
    ).all()
    count = len(forgotten)
    audit_logger.record("staff:account:unlocked", actor, username=username, count=count)
    return count


def _fail(tries: Tries, actor: Actor) -> SignInOutcome:
    tries.note()
    metrics.count(metrics.Event.FAILED_SIGN_IN)
    audit_logger.record("staff:session:refused", actor, username=tries.account[:100])
    return SignInOutcome(None, _("That user name and password do not match."))
