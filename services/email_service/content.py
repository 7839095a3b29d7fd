"""The stored body of a mail: compressed, padded to one size for all kinds, encrypted."""

from __future__ import annotations

import json
import zlib

from services.context import platform
from services.email_service.rendering import Body

BLOCK = 4096  # Bytes before encryption. The two letters compress to about 1,500, so every row has the same length.


def seal_body(body: Body) -> bytes:
    """Return the bytes for `email_messages.body`."""
    packed = zlib.compress(json.dumps([body.text, body.html, body.stop]).encode(), level=9)
    return platform().cipher.encrypt_padded(packed, BLOCK)


def open_body(stored: bytes) -> Body:
    """Return the body in clear; raises `cryptography.fernet.InvalidToken` when the keys are not those of the row."""
    return Body(*json.loads(zlib.decompress(platform().cipher.decrypt_padded(stored, BLOCK))))
