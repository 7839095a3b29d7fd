"""Signatures with a moment in them, by the application's clock: what one node signs, every other one believes."""

from __future__ import annotations

from itsdangerous import TimestampSigner

from services.clock import utc_now


class TimedSigner(TimestampSigner):
    """itsdangerous's signer, which asks this machine's clock; a moment in the future is refused by `max_age`."""

    def get_timestamp(self) -> int:
        """Return the present moment in whole seconds since 1970."""
        return int(utc_now().timestamp())
