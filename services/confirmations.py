"""The second question before an act that cannot be undone: a signed token that says who was asked about what."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeTimedSerializer

from services.security import TimedSigner

LIFETIME_SECONDS = 300


def issue(key: str, act: str, *subject: int) -> str:
    """Return a token for one act on one subject; it is worth nothing for another and after five minutes."""
    return _serializer(key, act).dumps(list(subject))


def holds(key: str, token: str, act: str, *subject: int) -> bool:
    """Tell whether the token was issued for exactly this act and subject, and is not too old."""
    try:
        return bool(_serializer(key, act).loads(token, max_age=LIFETIME_SECONDS) == list(subject))
    except BadSignature:
        return False


def _serializer(key: str, act: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt=f"smart-voting/confirm/{act}", signer=TimedSigner)
