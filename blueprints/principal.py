"""The principal of a request: a staff session, a kiosk or a voter, found from the session cookie."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, g, request, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from blueprints.http import asks_by_itself, current_actor, is_api
from models import StaffSession, transaction
from services import accounts, api_tokens, kiosks, second_step, staff, voter_accounts
from services.errors import Conflict
from services.voter_accounts import Who

WITHOUT_PRINCIPAL = frozenset(
    {"static", "media.public", "media.ballot", "ops.live", "ops.health", "ops.ready", "ops.prometheus"}
)
"""The same for everybody: many pictures need not ask the database each, and health must tell when it is down."""
STAFF_KEY = "staff_session"
KIOSK_KEY = "kiosk"
VOTER_KEY = "voter_session"


@dataclass(frozen=True)
class Principal:
    """Who is signed in; `session_id` is the row of `staff_sessions`, `kiosks` or `voter_sessions`."""

    role: str
    id: int
    name: str
    session_id: int
    election_id: int | None
    must_set_up: bool = False
    """The installation asks for a second step that this person has not set up (REQUIRE_TOTP)."""


class LeaveTheBoothFirst(Conflict):
    code = "leave_the_booth_first"
    message = N_("This browser is a booth. Close the booth first, with the password of an officer.")


def is_booth() -> bool:
    """Tell whether the browser that asks is a booth."""
    return g.principal is not None and g.principal.role == "kiosk"


def refuse_booths() -> None:
    """Raise LeaveTheBoothFirst where the browser that asks is a booth."""
    if is_booth():
        raise LeaveTheBoothFirst(_("This browser is a booth. Close the booth first, with the password of an officer."))


def end_present_session() -> None:
    """A browser holds one session; the one before must not live on in a copied cookie."""
    if g.principal is None:
        return
    end = voter_accounts.end if g.principal.role == "voter" else accounts.end_session
    end(g.principal.session_id, current_actor())


def load_principal() -> None:
    """Set `g.principal`; a kiosk is only a kiosk, whoever signed it in."""
    g.principal = g.silent = g.stale = None
    if request.endpoint in WITHOUT_PRINCIPAL:
        return
    if is_api():
        g.principal = _bearer()
        return
    if token := session.get(KIOSK_KEY):
        kiosk = kiosks.find_open(token)
        if kiosk is not None:
            g.kiosk = kiosk  # A session forgets what nobody holds, and would read kiosk and election again and again.
            g.principal = Principal("kiosk", kiosk.id, kiosk.name, kiosk.id, kiosk.election_id)
    elif token := session.get(STAFF_KEY):
        found = accounts.find_session(token)
        if found is not None:
            g.principal = _staff(found)
        else:
            g.silent = accounts.find_silent(token)
    elif token := session.get(VOTER_KEY):
        signed_in = voter_accounts.who(token)
        if signed_in is not None:
            g.principal = _voter(signed_in)


def _bearer() -> Principal | None:
    """Return whose access token came along; the cookie of a browser counts for nothing in the API."""
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        return None
    found = api_tokens.find(given.token)
    if isinstance(found, StaffSession):
        return _staff(found)
    return _voter(Who(found.id, found.voter.id, found.voter.voter_id)) if found is not None else None


def _voter(found: Who) -> Principal:
    return Principal("voter", found.voter_id, found.number, found.session_id, None)


def _staff(found: StaffSession) -> Principal:
    user = found.staff_user
    principal = Principal(
        user.role.value, user.id, user.username, found.id, found.election_id, second_step.must_set_up(user)
    )
    g.stale = staff.is_stale(found)
    if not asks_by_itself():
        note_use(principal)
    return principal


def note_use(principal: Principal) -> None:
    """Note that a session of staff is in use, where that was not just done."""
    if g.stale:
        with transaction():
            staff.note_use(principal.session_id)
        g.stale = False


def init_app(app: Flask) -> None:
    app.before_request(load_principal)
