"""The ticket: what a browser holds of a link once its page is open, so that the token leaves the address at once.

It names the token by its SHA-256 and is signed with a key that is in no database: who steals the ticket gets no token,
and who reads the table can write no ticket.
"""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeTimedSerializer

from services.security import TimedSigner, hash_token

TICKET_SECONDS = 2 * 3600
"""Long enough to read a long ballot with help; the link in the mail gives another."""
_SALT = "smart-voting/voting-link/1"


def issue_ticket(key: str, token: str) -> str:
    """Return a ticket for a token, worth something for TICKET_SECONDS and while the link is good."""
    return _serializer(key).dumps(hash_token(token).hex())


def read_ticket(key: str, ticket: str) -> bytes | None:
    """Return the SHA-256 of the token that a ticket stands for; None for what we did not sign or what is too old."""
    try:
        return bytes.fromhex(_serializer(key).loads(ticket, max_age=TICKET_SECONDS))
    except (BadSignature, ValueError, TypeError):
        return None


def _serializer(key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt=_SALT, signer=TimedSigner)
