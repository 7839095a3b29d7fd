"""The pages of a table as they lie on the disk, with the rows that are deleted and not yet overwritten.

Layout: PostgreSQL's manual, chapter "Database Page Layout": a header of 24 bytes, item pointers of 4, then tuples with
a header of 23 bytes or more (xmin, xmax, …, infomask, offset of the data).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

PAGE = 8192
HEADER = 24
TUPLE_HEADER = 23
NORMAL = 1  # state of an item pointer that leads to a tuple
XMAX_INVALID = 0x0800


@dataclass(frozen=True)
class Tuple:
    """One version of a row; `last` is the transaction that deleted, replaced or locked it, or None."""

    first: str
    last: str | None
    data: bytes

    @property
    def transactions(self) -> set[str]:
        return {self.first, self.last} if self.last else {self.first}


def tuples(content: bytes) -> Iterator[Tuple]:
    """Yield all versions of rows in a file of heap pages, dead ones too; what is no page is passed over."""
    for start in range(0, len(content) - PAGE + 1, PAGE):
        page = content[start : start + PAGE]
        lower, upper = struct.unpack_from("<HH", page, 12)
        if not HEADER <= lower <= upper <= PAGE:
            continue
        for place in range(HEADER, lower, 4):
            (item,) = struct.unpack_from("<I", page, place)
            offset, state, length = item & 0x7FFF, (item >> 15) & 3, item >> 17
            if state == NORMAL and length >= TUPLE_HEADER and offset + length <= PAGE:
                yield _tuple(page[offset : offset + length])


def _tuple(content: bytes) -> Tuple:
    first, last = struct.unpack_from("<II", content, 0)
    (mask,) = struct.unpack_from("<H", content, 20)
    start = content[22]
    return Tuple(str(first), str(last) if last and not mask & XMAX_INVALID else None, content[start:])


def texts(data: bytes) -> str:
    """Return the bytes of a row as text, once as they lie there and once with its short texts set apart.

    A text of less than 127 bytes has one byte of length before it (lowest bit 1, length with that byte above it),
    which can look like a letter of the text.
    """
    parts, place = [data.decode("utf-8", errors="replace")], 0
    while place < len(data):
        length = data[place] >> 1
        content = data[place + 1 : place + length].decode("utf-8", errors="replace")
        if data[place] & 1 and 1 < length <= len(data) - place and content.isprintable() and "\ufffd" not in content:
            parts.append(content)
            place += length
        else:
            place += 1
    return " ".join(parts)
