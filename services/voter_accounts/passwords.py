"""A voter's password: set from an invitation, changed, or forgotten and set anew by a mailed link."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update

from models import LoginFailure, PasswordReset, Voter, VoterStatus, db
from services import accounts, audit_logger, email_service
from services.actor import Actor
from services.clock import utc_now
from services.errors import Conflict, ValidationFailed
from services.security import hash_password, hash_token, new_token, verify_password
from services.security.tries import Tries, minutes
from services.voter_accounts import devices, sessions
from services.voter_accounts.sessions import as_voter

LINK_LASTS = timedelta(hours=1)
MAX_LINKS_AN_HOUR = 3


def set_password(voter: Voter, password: str, actor: Actor) -> None:
    """Give a voter who has proved who it is a password; sessions and trusted browsers end.

    Who opens the page of an invitation has proved it, and so has who follows a mailed link. Raises ValidationFailed
    (field `password`) for one that is short or easy to guess, and Conflict for a voter who may not sign in or has no
    address for the codes.
    """
    accounts.check_password(password, *_about(voter))
    if voter.status is VoterStatus.SUSPENDED:
        raise Conflict(_("Your entry is suspended. Ask the Election Commission."))
    if not voter.email:
        raise Conflict(_("An account needs an e-mail address. Ask the Election Commission to enter yours."))
    first = voter.password_hash is None
    voter.password_hash = hash_password(password)
    sessions.end_all(voter)
    devices.revoke_all(voter)
    _end_links(voter)
    db.session.execute(delete(LoginFailure).where(LoginFailure.username == f"voter:{voter.email.lower()}"))
    audit_logger.record(
        "voter:password:set" if first else "voter:password:reset", as_voter(voter, actor), voter_number=voter.voter_id
    )


def change(voter_id: int, old: str, new: str, session_id: int, actor: Actor) -> str:
    """Change the signed-in voter's password; return the words of a refusal, '' when it is changed.

    The other sessions and all trusted browsers end. A wrong old one counts like one at signing in, so it is returned.
    Raises ValidationFailed for a new one that is short or easy to guess.
    """
    voter = db.session.get_one(Voter, voter_id)
    tries = Tries(f"voter:{(voter.email or '').lower()}", actor.ip)
    tries.queue_up()
    if (wait := tries.waiting_time()) is not None:
        return str(_("Too many wrong passwords. Try again in %(minutes)s minutes.", minutes=minutes(wait)))
    if not verify_password(old, voter.password_hash or "")[0]:
        tries.note()
        return str(_("This is not your password."))
    accounts.check_password(new, *_about(voter))
    if new == old:
        raise ValidationFailed(fields={"password": _("This is the password you have. Choose another one.")})
    tries.forget()
    voter.password_hash = hash_password(new)
    sessions.end_all(voter, but=session_id)
    devices.revoke_all(voter)
    audit_logger.record("voter:password:changed", actor, voter_number=voter.voter_id)
    return ""


def ask_for_link(email: str, actor: Actor, address: str) -> None:
    """Queue a link for a new password where the address has an account; `address` takes the token as `?token=`.

    Who asks is told the same either way. An address gets three an hour at most; the last one counts.
    """
    account = select(Voter).where(func.lower(Voter.email) == email.lower(), Voter.password_hash.is_not(None))
    voter = db.session.scalar(account.where(Voter.status == VoterStatus.VERIFIED))
    token = new_token()
    if voter is None or voter.email is None or _links_lately(voter) >= MAX_LINKS_AN_HOUR:
        return
    _end_links(voter)
    until = utc_now() + LINK_LASTS
    db.session.add(
        PasswordReset(voter_id=voter.id, token_hash=hash_token(token), expires_at=until, created_at=utc_now())
    )
    email_service.queue_password_reset(voter.email, voter.name, f"{address}?token={token}", until)
    audit_logger.record("voter:password:link_made", actor, voter_number=voter.voter_id)


def is_good(token: str) -> bool:
    """Tell whether the link works, without spending it."""
    return _link(token) is not None


def reset(token: str, password: str, actor: Actor) -> bool:
    """Spend the link and set the password; tell whether the link was good. Raises as `set_password`: then unspent."""
    link = _link(token, lock=True)
    if link is None:
        return False
    set_password(link.voter, password, actor)
    return True


def _about(voter: Voter) -> tuple[str | None, ...]:
    return voter.name, voter.email, voter.voter_id


def _link(token: str, *, lock: bool = False) -> PasswordReset | None:
    open_ = PasswordReset.used_at.is_(None), PasswordReset.expires_at > utc_now()
    found = select(PasswordReset).where(PasswordReset.token_hash == hash_token(token), *open_)
    return db.session.scalar(found.with_for_update().execution_options(populate_existing=True) if lock else found)


def _end_links(voter: Voter) -> None:
    unused = PasswordReset.voter_id == voter.id, PasswordReset.used_at.is_(None)
    db.session.execute(update(PasswordReset).where(*unused).values(used_at=utc_now()))


def _links_lately(voter: Voter) -> int:
    lately = PasswordReset.voter_id == voter.id, PasswordReset.created_at > utc_now() - LINK_LASTS
    return db.session.scalar(select(func.count()).where(*lately)) or 0
