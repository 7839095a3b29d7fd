"""Rate limits: how often one kiosk, voter, account or address may ask. Counted in PostgreSQL, or Redis where set.

In the booth the key is the kiosk and the voter, never the address: a polling place behind one address is not shut out.
"""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, current_app, g, request
from flask_babel import gettext as _
from flask_limiter import Limiter, RateLimitExceeded
from werkzeug.exceptions import HTTPException

from blueprints.errors import domain_error
from blueprints.http import cookie_name, json_value
from models import transaction
from services import disk, metrics, redis_limits, voters  # noqa: F401  the import registers the storages
from services.errors import DiskFull, TooMany

log = logging.getLogger(__name__)

SIGN_IN = "10 per minute"
"""By address and account together; the lock-out after five failures is services.accounts' own."""
SIGN_IN_ADDRESS = "60 per minute"
"""By address alone: a hall of officers signing in at opening passes, a list of guessed accounts does not."""
BOOTH_START = "10 per minute"
"""By kiosk and typed voter ID."""
BOOTH_START_KIOSK = "40 per minute"
"""By kiosk: nobody types faster; stops the trying out of voter IDs."""
BOOTH_FRAMES = "180 per minute"
"""By kiosk, where one voter stands at a time: three chunks of frames a second."""
ADVICE = "600 per minute"
"""By kiosk, voter or desk: eight pictures a second while somebody finds the place before the camera, counted apart
from what counts as a try."""
BOOTH_VOTE = "20 per minute"
"""By kiosk and voter."""
BOOTH_OTHER = "60 per minute"

API = "60 per minute"
"""By address, and by account: programs of one account from two addresses share it."""
LINKS = "30 per minute"
"""By address, of links that nobody has only: a whole town behind one address may open its own."""
LINK_VOTES = "30 per minute"
"""By the link that a browser opened."""

HEAD_MAILS = "60 per hour"
"""By address: entering all people of an election passes, filling mailboxes does not."""
MAIL_PAGES = "60 per minute"
"""By address: a household behind one address answers its mails."""
MAIL_EVENTS = "120 per minute"
"""By address: a report holds up to a thousand mails."""
EVIDENCE = "20 per minute"
"""By address: the first request of an election builds its pack."""
RECEIPTS = "30 per minute"
"""By address: enough to check one's own, too few to try codes out."""
REGISTER = "30 per hour"
"""By address: a household or a class behind one address passes; each photo takes the face engine a moment."""
FRAMES = "240 per minute"
"""By voter: three chunks of frames a second, and some tries one after the other."""
CODES = "30 per minute"
"""By address, typed and resent; the tries at one code are `services.voter_accounts.codes`' own."""

KEY_LIMIT = 64
POLL_FORM_BYTES = 64 * 1024
"""Larger bodies are not opened for a key; no voter ID is that long."""


def address_key() -> str:
    """Return the caller's address."""
    return f"address:{request.remote_addr}"


def account_key() -> str:
    """Return address and typed account name: nobody can shut out an account from elsewhere."""
    return f"{address_key()}:account:{_typed('username').casefold()}"


def voter_key() -> str:
    """Return address and typed e-mail address."""
    return f"{address_key()}:voter:{_typed('email').casefold()}"


def kiosk_key() -> str:
    """Return the kiosk; the address where no kiosk is signed in."""
    principal = g.get("principal")
    return f"kiosk:{principal.session_id}" if principal is not None else address_key()


def session_key() -> str:
    """Return the session that is signed in; the address where none is."""
    principal = g.get("principal")
    return f"session:{principal.session_id}" if principal is not None else address_key()


def booth_key() -> str:
    """Return kiosk and typed voter ID."""
    return f"{kiosk_key()}:voter:{voters.normalise_voter_number(_typed('voter_id'))}"


def link_key() -> str:
    """Return the voting link that this browser opened, by the signature of its ticket; the address without one."""
    ticket = request.cookies.get(cookie_name("voting_link"), "")
    return f"link:{ticket[-KEY_LIMIT:]}" if ticket else address_key()


def own_key() -> str:
    """Return the signed-in voter; the address where nobody is."""
    principal = g.get("principal")
    return f"voter:{principal.id}" if principal is not None and principal.role == "voter" else address_key()


def note_unknown_link() -> None:
    """Let this request count against the limit of links: it was about one that nobody has."""
    g.unknown_link = True


def api_address_key() -> str:
    """Return the caller's address, apart from what its browsers do."""
    return f"api:{address_key()}"


def api_account_key() -> str:
    """Return the account that the access token belongs to."""
    return f"api:{g.principal.role}:{g.principal.id}"


def api_own_key() -> str:
    """Return the account that the access token belongs to; the address without one."""
    return api_address_key() if is_anonymous() else api_account_key()


def is_anonymous() -> bool:
    """Tell whether nobody is signed in."""
    return g.get("principal") is None


def was_unknown(_response: Response) -> bool:
    """Tell whether `note_unknown_link` was called in this request."""
    return bool(g.get("unknown_link"))


limiter = Limiter(address_key, strategy="fixed-window", headers_enabled=False)


@limiter.request_filter
def _switched_off() -> bool:
    # One limiter serves every application of the process; each has its own switch.
    return not current_app.config["RATELIMIT_ENABLED"]


def init_app(app: Flask) -> None:
    """Count from now on; `principal.init_app` must come first, the keys need to know the kiosk."""
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, too_many)
    app.register_error_handler(DiskFull, disk_full)


def too_many(error: RateLimitExceeded) -> Response:
    """Answer 429 as any other domain error, in HTML or JSON, with the seconds to wait."""
    metrics.count(metrics.Event.RATE_LIMITED_REQUEST)
    seconds = _seconds_to_wait()
    words = _("Too many tries. Wait %(seconds)s seconds, then try again.", seconds=seconds)
    return domain_error(TooMany(words, seconds))


def disk_full(error: DiskFull) -> Response:
    """Answer 503, and alert in a transaction of its own: the request's was rolled back with all it had written."""
    try:
        with transaction():
            disk.alert()
    except Exception:
        log.exception("The alert about the full disk could not be queued")
    return domain_error(error)


def _seconds_to_wait() -> int:
    limit = limiter.current_limit
    return max(1, int(limit.reset_at - time.time())) if limit else 60


def _typed(name: str) -> str:
    """Return a short text value of the body, '' when there is none: a key must never fail."""
    if (request.content_length or 0) > POLL_FORM_BYTES:
        return ""
    try:
        values = json_value() if request.is_json else request.form
    except HTTPException:
        return ""
    value = values.get(name, "") if hasattr(values, "get") else ""
    return value[:KEY_LIMIT] if isinstance(value, str) else ""
