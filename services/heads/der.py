"""Just enough of DER to walk along a time stamp (ITU-T X.690)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

CERTIFICATES = 0xA0
"""Tag of the certificates inside signed data (RFC 5652, 5.1)."""


class Part(NamedTuple):
    """One value: its tag, and where its header begins, its content begins, and it ends."""

    tag: int
    start: int
    content: int
    end: int


def parts(data: bytes, start: int, end: int) -> Iterator[Part]:
    """Yield the values that stand side by side between two places; raises ValueError where there is none."""
    while start < end:
        content, length = start + 2, data[start + 1] if start + 1 < end else 0
        if length & 0x80:
            content, length = (
                content + (length & 0x7F),
                int.from_bytes(data[content : content + (length & 0x7F)], "big"),
            )
        if content + length > end:
            raise ValueError("A value is longer than what holds it.")
        yield Part(data[start], start, content, content + length)
        start = content + length


def with_sorted_certificates(response: bytes) -> bytes:
    """Return a response with its certificates in the order of DER; raises ValueError when it has no signed data.

    OpenSSL, and who uses it, leaves them as they came, which rfc3161-client does not read. No signature covers them.
    """
    [whole] = parts(response, 0, len(response))
    _status, token = parts(response, whole.content, whole.end)
    _kind, wrapped = parts(response, token.content, token.end)
    [signed] = parts(response, wrapped.content, wrapped.end)
    for part in parts(response, signed.content, signed.end):
        if part.tag == CERTIFICATES:
            ordered = sorted(response[one.start : one.end] for one in parts(response, part.content, part.end))
            return response[: part.content] + b"".join(ordered) + response[part.end :]
    return response
