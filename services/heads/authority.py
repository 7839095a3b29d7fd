"""Asking a time-stamping authority over HTTP (RFC 3161, 3.4): one question, a bounded answer within a bounded time."""

from __future__ import annotations

import http.client
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from models import StampFailure

TIMEOUT_SECONDS = 10.0
"""For each wait: to connect, and for the next bytes."""
LONGEST_SECONDS = 20.0
"""For the whole answer, however slowly it drips."""
LARGEST_ANSWER = 64 * 1024
"""Bytes; a stamp with a chain of four certificates has about 6,000."""
AT_A_TIME = 4096


class AuthorityError(Exception):
    """There is no stamp; `failure` says why for people, the text for the log."""

    def __init__(self, failure: StampFailure, detail: object) -> None:
        self.failure = failure
        super().__init__(str(detail))


class _NoRedirect(HTTPRedirectHandler):
    """A question is a POST; sent on as a GET it would mean nothing."""

    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        return None


def ask(address: str, question: bytes) -> bytes:
    """Return the answer of the authority to a request in DER; `address` is http or https. Raises AuthorityError."""
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    request = Request(address, data=question, headers=headers, method="POST")  # noqa: S310  (settings_rules)
    try:
        with build_opener(_NoRedirect).open(request, timeout=TIMEOUT_SECONDS) as response:
            return _body(response)
    except HTTPError as error:
        raise AuthorityError(StampFailure.REFUSED, f"HTTP {error.code}") from error
    except TimeoutError as error:
        raise AuthorityError(StampFailure.SLOW, error) from error
    except OSError as error:
        slow = isinstance(getattr(error, "reason", None), TimeoutError)
        raise AuthorityError(StampFailure.SLOW if slow else StampFailure.UNREACHABLE, error) from error
    except http.client.HTTPException as error:
        raise AuthorityError(StampFailure.UNREADABLE, repr(error)) from error


def _body(response: Any) -> bytes:
    until, content = time.monotonic() + LONGEST_SECONDS, b""
    while some := response.read1(AT_A_TIME):
        content += some
        if len(content) > LARGEST_ANSWER:
            raise AuthorityError(StampFailure.UNREADABLE, f"more than {LARGEST_ANSWER} bytes")
        if time.monotonic() > until:
            raise AuthorityError(StampFailure.SLOW, f"not whole after {LONGEST_SECONDS:.0f} s")
    return content
