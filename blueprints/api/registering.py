"""Registering as a voter: entries and a photo, then the code of the mail, then the commission decides."""

from __future__ import annotations

from typing import Annotated, Literal

from flask_babel import gettext as _
from pydantic import StringConstraints

from blueprints import limits
from blueprints.api import bp
from blueprints.api.auth import CodeRefused, Secret, Ticket, VoterCode
from blueprints.api.operations import documented
from blueprints.api.shapes import TEXT, Shape, Text, Token, Upload
from blueprints.http import current_actor, public_address
from blueprints.policy import public
from models import CodeUse, transaction
from services import voter_accounts
from services.errors import TooMany
from services.voter_accounts import CodeState, Entries

GROUP = "Registering"
Day = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=TEXT)]


class ConsentText(Shape):
    """The words that a person agrees to by `consent`: show them before you send a registration."""

    text: str
    version: str


class NewRegistration(Shape):
    """What somebody says who registers. `dob`: 1984-05-19. `consent` is true, or nothing is kept."""

    name: Text
    dob: Day
    email: Text
    voter_id: Annotated[str, StringConstraints(max_length=40, pattern=TEXT)] = ""
    password: Secret
    consent: Literal["true"]
    photo: Upload


class AgainFor(Shape):
    """The ticket, and what its code is for."""

    ticket: Token
    use: Literal["register", "sign_in"]


class Registered(Shape):
    """The address is confirmed; the Election Commission decides, and a mail tells."""

    status: Literal["pending"] = "pending"


class CodeSent(Shape):
    """A new code is on its way; the one before is worth nothing."""

    code_sent: bool = True


@bp.get("/auth/voter/consent")
@public
@documented(GROUP, ConsentText)
def registration_consent() -> ConsentText:
    """Show what a person agrees to who registers."""
    return ConsentText(text=voter_accounts.consent_text(), version=voter_accounts.CONSENT_VERSION)


@bp.post("/auth/voter/register")
@public
@limits.limiter.limit(limits.REGISTER, key_func=limits.api_address_key)
@documented(GROUP, Ticket, NewRegistration, status=202, multipart=True)
def register_voter(body: NewRegistration) -> Ticket:
    """Register with a photo of the face. A code goes to the address; the answer is the same for an address that is
    known."""
    said = body.model_dump(exclude={"photo", "consent"})
    entries = Entries(**said, password_again=body.password, consent=True)
    with transaction():
        ticket = voter_accounts.register(entries, body.photo, current_actor(), public_address("voter.login"))
    return Ticket(ticket=ticket)


@bp.post("/auth/voter/verify")
@public
@limits.limiter.limit(limits.CODES, key_func=limits.api_address_key)
@documented(GROUP, Registered, VoterCode, refuses=(409,))
def verify_address(body: VoterCode) -> Registered:
    """Take the mailed code of a registration: the address is verified."""
    with transaction():
        outcome = voter_accounts.confirm(body.ticket, body.code, current_actor())
    if outcome.state is not CodeState.GOOD:
        raise CodeRefused(outcome)
    return Registered()


@bp.post("/auth/voter/code/again")
@public
@limits.limiter.limit(limits.CODES, key_func=limits.api_address_key)
@documented(GROUP, CodeSent, AgainFor, status=202)
def resend_code(body: AgainFor) -> CodeSent:
    """Mail a new code for a ticket, twice at most."""
    with transaction():
        sent = voter_accounts.resend(CodeUse(body.use), body.ticket, public_address("voter.login"))
    if not sent:
        raise TooMany(_("No more codes can be sent for this ticket. Start again."))
    return CodeSent()
