"""Voters with accounts, and people who register, made through the services."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import func, select

from models import EmailMessage, Registration, Voter, db
from services import voter_accounts
from services.actor import Actor
from services.email_service.content import open_body
from services.security import hash_password
from services.voter_accounts import Entries, sessions
from tests import factories
from tests.support import pictures

ADDRESS = "http://localhost/voter/login"
ANYBODY = Actor("anonymous", ip="192.0.2.7", user_agent="Firefox")
_HASH = hash_password(factories.PASSWORD, cost=4)


def typed(**changes: Any) -> dict[str, Any]:
    """Return what a person types who registers, as a form sends it."""
    return {
        "name": "Rosa Demir", "dob": "19 5 1984", "email": "rosa@example.org", "voter_id": "",
        "password": factories.PASSWORD, "password_again": factories.PASSWORD, "consent": "1", **changes,
    }  # fmt: skip


def register(person: int = 7, **changes: Any) -> str:
    """Register somebody with this face and return the ticket for the code."""
    values = typed(**changes)
    values["consent"] = bool(values["consent"])
    ticket = voter_accounts.register(Entries(**values), pictures.face(person), ANYBODY, ADDRESS)
    db.session.commit()
    return ticket


def waiting(person: int = 7, **changes: Any) -> Registration:
    """Register somebody whose address is confirmed."""
    ticket = register(person, **changes)
    voter_accounts.confirm(ticket, last_code(changes.get("email", "rosa@example.org")), ANYBODY)
    db.session.commit()
    return db.session.scalars(select(Registration).order_by(Registration.id.desc())).first()


def with_account(**values: Any) -> Voter:
    """Return a new voter whose password is `factories.PASSWORD`."""
    return factories.VoterFactory(password_hash=_HASH, **values)


def token_of(voter: Voter) -> str:
    """Sign a voter in and return the token of the session."""
    token = sessions.start(voter, ANYBODY)
    db.session.commit()
    return token


def mails_to(address: str) -> list[EmailMessage]:
    """Return the mails to an address, the oldest first."""
    mine = func.lower(EmailMessage.recipient) == address.lower()
    return list(db.session.scalars(select(EmailMessage).where(mine).order_by(EmailMessage.created_at)))


def text_of(mail: EmailMessage) -> str:
    """Return what the mail says."""
    return open_body(mail.body).text


def last_code(address: str) -> str:
    """Return the code of the newest mail to an address."""
    found = re.search(r"^(\d{3}) (\d{3})$", text_of(mails_to(address)[-1]), re.M)
    assert found is not None
    return found[1] + found[2]
