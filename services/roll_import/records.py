"""From lines to rows of cells. A quotation mark that is never closed costs its own row and no other."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flask_babel import gettext as _

MAX_ROW = 10_000
"""Characters of a row; a voter needs a few hundred."""
MAX_ROW_LINES = 20
"""Lines that a quoted cell may go over."""
KEPT_OF_BAD = 300
"""Characters of a bad row that the report shows."""


@dataclass(frozen=True)
class Problem:
    """Why a row is not imported: `kind` in words to count by, `why` with the details of this row."""

    kind: str
    why: str


@dataclass(frozen=True)
class Record:
    """A row of the file from this line on; `problem` when it cannot be split into cells."""

    line: int
    text: str
    cells: list[str]
    problem: Problem | None = None


def read_records(lines: Iterable[str], separator: str, width: int, first_line: int) -> Iterator[Record]:
    """Yield the rows that are not blank; `width` is the number of cells of the header."""
    source = _Lines(lines, first_line)
    while (here := source.take()) is not None:
        line, text = here
        if not text.strip():
            continue
        if len(text) > MAX_ROW:
            words = _("This row is longer than %(most)s characters.", most=f"{MAX_ROW:,}")
            yield Record(line, text[:KEPT_OF_BAD], [], Problem(words, words))
        else:
            record = _one_line(line, text, separator, width)
            record = record or _several_lines(source, line, text, separator, width)
            if record.problem or any(cell.strip() for cell in record.cells):
                yield record


class _Lines:
    """Numbered lines, some of which may be put back."""

    def __init__(self, lines: Iterable[str], first: int) -> None:
        self._source = enumerate(lines, first)
        self._back: deque[tuple[int, str]] = deque()

    def take(self) -> tuple[int, str] | None:
        return self._back.popleft() if self._back else next(self._source, None)

    def put_back(self, lines: list[tuple[int, str]]) -> None:
        self._back.extendleft(reversed(lines))


def _one_line(line: int, text: str, separator: str, width: int) -> Record | None:
    """Return the row; None when a quotation mark is still open at the end of the line."""
    if text.count('"') % 2:
        return None
    return _fit(Record(line, text, _split(text, separator)), width)


def _several_lines(source: _Lines, line: int, text: str, separator: str, width: int) -> Record:
    taken: list[tuple[int, str]] = []
    joined = text
    while len(taken) < MAX_ROW_LINES and (more := source.take()) is not None:
        taken.append(more)
        joined += more[1]
        if len(joined) > MAX_ROW:
            break
        if more[1].count('"') % 2:
            cells = _split(joined, separator)
            if len(cells) == width:
                return Record(line, joined, cells)
            break
    source.put_back(taken)
    words = _("A quotation mark in this row is never closed.")
    return Record(line, text, [], Problem(words, words))


def _fit(record: Record, width: int) -> Record:
    cells = record.cells
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if len(cells) == width or not any(cell.strip() for cell in cells):
        return record
    words = (
        _("This row has more cells than the first line.")
        if len(cells) > width
        else _("This row has fewer cells than the first line.")
    )
    why = _("%(words)s It has %(found)s, the first line %(width)s.", words=words, found=len(cells), width=width)
    return Record(record.line, record.text, [], Problem(words, why))


def _split(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=separator), [])
    except csv.Error:
        return []
