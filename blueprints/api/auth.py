"""Signing in and out of the API: a pair of tokens for staff, and for voters after the code of their mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_
from pydantic import StringConstraints

from blueprints import limits
from blueprints.api import bp
from blueprints.api.operations import documented
from blueprints.api.shapes import TEXT, Done, Shape, Text, Token
from blueprints.http import current_actor, public_address
from blueprints.policy import SignInNeeded, public, requires
from models import StaffUser, transaction
from services import accounts, api_tokens, second_step, voter_accounts
from services.actor import Actor
from services.api_tokens import Pair
from services.errors import DomainError, TooMany
from services.security import Permission
from services.voter_accounts import CodeOutcome, CodeState

Secret = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=TEXT)]
"""A password as typed; its length is bounded, so that hashing one is."""


class SignInRefused(DomainError):
    status, code = 401, "sign_in_refused"
    message = N_("That name and password do not match.")


class CodeRefused(DomainError):
    """A mailed code that was wrong (`code_wrong`, with the tries left in words), or that is over (`code_over`)."""

    status = 422

    def __init__(self, outcome: CodeOutcome) -> None:
        self.code = f"code_{outcome.state.value}"
        super().__init__(outcome.message)


class StaffLogin(Shape):
    """Name and password of a member of staff, and the one-time code where a second step is set."""

    username: Text
    password: Secret
    code: Text = ""


class VoterLogin(Shape):
    """E-mail address and password of a voter."""

    email: Text
    password: Secret


class VoterCode(Shape):
    """The ticket of the sign-in, and the code of the mail."""

    ticket: Token
    code: Text


class Refresh(Shape):
    """A refresh token, good once."""

    refresh_token: Token


class Tokens(Shape):
    """`expires_in`: seconds that the access token lasts."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a kind
    expires_in: int


class Ticket(Shape):
    """A code is on its way by mail; send it with this ticket to /auth/voter/code."""

    ticket: str
    code_sent: bool = True


class Me(Shape):
    """Who is signed in; `name` is a user name, or a voter ID. `second_step_needed`: nothing but this and signing out
    is open before a second step is set up on the page of the account."""

    role: str
    id: int
    name: str
    second_step_needed: bool


class AccessToken(Shape):
    """An access token to look at."""

    access_token: Token


class Verified(Shape):
    """Whether a token is good now; `role` and `expires_at` are null for one that is not."""

    valid: bool
    role: str | None = None
    expires_at: datetime | None = None


@bp.post("/auth/login")
@public
@limits.limiter.limit(limits.SIGN_IN, key_func=limits.account_key)
@documented("Signing in", Tokens, StaffLogin, refuses=(401,))
def staff_login(body: StaffLogin) -> Tokens:
    """Sign a member of staff in. Where a second step is set, `code` is needed: without it the answer has the code
    `second_step_needed`."""
    with transaction():
        outcome = accounts.authenticate(body.username.strip(), body.password, current_actor())
    if outcome.user is None:
        raise _refused(outcome.message, outcome.retry_after)
    if second_step.has_one(outcome.user):
        _take_step(outcome.user, body.code)
    user = outcome.user
    who = Actor(user.role.value, user.id, user.username, current_actor().ip, current_actor().user_agent)
    with transaction():
        pair = api_tokens.begin_staff(accounts.start_session(user, who))
    return _tokens(pair)


@bp.post("/auth/voter/login")
@public
@limits.limiter.limit(limits.SIGN_IN, key_func=limits.voter_key)
@documented("Signing in", Ticket, VoterLogin, status=202, refuses=(401,))
def voter_login(body: VoterLogin) -> Ticket:
    """Check a voter's password and mail a one-time code."""
    with transaction():
        entry = voter_accounts.enter(
            body.email.strip(), body.password, "", current_actor(), public_address("voter.login")
        )
    if not entry.ticket:
        raise _refused(entry.message, entry.retry_after)
    return Ticket(ticket=entry.ticket)


@bp.post("/auth/voter/code")
@public
@limits.limiter.limit(limits.CODES, key_func=limits.api_address_key)
@documented("Signing in", Tokens, VoterCode, refuses=(401,))
def voter_code(body: VoterCode) -> Tokens:
    """Take the mailed code and sign the voter in."""
    with transaction():
        entry = voter_accounts.enter_code(body.ticket, body.code, False, current_actor())
        pair = api_tokens.begin_voter(entry.token) if entry.outcome.state is CodeState.GOOD else None
    if pair is None:
        raise SignInRefused(entry.outcome.message)
    return _tokens(pair)


@bp.post("/auth/refresh")
@public
@documented("Signing in", Tokens, Refresh, refuses=(401,))
def refresh(body: Refresh) -> Tokens:
    """Change a refresh token for new tokens. One that comes a second time ends the session with all its tokens."""
    with transaction():
        pair = api_tokens.refresh(body.refresh_token, current_actor())
    if pair is None:
        raise SignInNeeded(_("Sign in again: this token is over."))
    return _tokens(pair)


@bp.post("/auth/logout")
@requires(Permission.OWN_TOKENS)
@documented("Signing in", Done)
def logout() -> Done:
    """End the session, and all its tokens."""
    end = voter_accounts.end if g.principal.role == "voter" else accounts.end_session
    with transaction():
        end(g.principal.session_id, current_actor())
    return Done()


@bp.post("/auth/verify")
@public
@documented("Signing in", Verified, AccessToken)
def verify_token(body: AccessToken) -> Verified:
    """Say whether an access token is good, and for how long."""
    found = api_tokens.standing(body.access_token)
    return Verified(valid=False) if found is None else Verified(valid=True, role=found.role, expires_at=found.ends_at)


@bp.get("/auth/me")
@requires(Permission.OWN_TOKENS)
@documented("Signing in", Me)
def me() -> Me:
    """Say who is signed in."""
    who = g.principal
    return Me(role=who.role, id=who.id, name=who.name, second_step_needed=who.must_set_up)


def _take_step(user: StaffUser, code: str) -> None:
    """Ask for the one-time code of somebody whose password was right; raises for a missing or a wrong one."""
    if not code:
        refused = SignInRefused(_("Send the one-time code of your app as well."))
        refused.code = "second_step_needed"
        raise refused
    with transaction():
        outcome = second_step.check(user, code, current_actor())
    if not outcome.passed:
        raise _refused(outcome.message, outcome.retry_after)


def _refused(message: str, wait: timedelta | None) -> DomainError:
    return SignInRefused(message) if wait is None else TooMany(message, max(1, round(wait.total_seconds())))


def _tokens(pair: Pair) -> Tokens:
    return Tokens(access_token=pair.access, refresh_token=pair.refresh, expires_in=pair.expires_in)
