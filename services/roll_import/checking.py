"""The first step: the file is read row by row; good rows wait in a table, bad ones stand in the report."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete

from models import ImportProblem, ImportRow, ImportStatus, RollImport, db
from services.clock import utc_now
from services.context import platform
from services.roll_import import matching
from services.roll_import.columns import Layout, read_header, separator_line
from services.roll_import.copying import copy_rows
from services.roll_import.errors import FileRefused
from services.roll_import.queue import Claim, Progress, finish
from services.roll_import.records import KEPT_OF_BAD, MAX_ROW, Problem, Record, read_records
from services.roll_import.rows import ImportedVoter, RowChecker
from services.roll_import.text import NAMES, open_text, sniff_encoding
from services.savepoints import after_commit

BATCH = 2000
"""Rows written at once."""
MOST_ROWS = 500_000
SAMPLE_ROWS = 3
ROW_COLUMNS = ("import_id", "line", "number", "email", "name", "dob", "gender", "phone", "groups")
PROBLEM_COLUMNS = ("import_id", "line", "kind", "why", '"row"')


def check_file(claim: Claim, progress: Progress) -> None:
    """Read the file of an import and leave the preview; in the caller's transaction, started over at will."""
    job = db.session.get_one(RollImport, claim.id)
    path, election_id = job.file_path, job.election_id
    for table in (ImportRow, ImportProblem):
        db.session.execute(delete(table).where(table.import_id == claim.id))
    try:
        layout, rows = _read_into_tables(claim.id, platform().storage.read(path or ""), progress)
    except FileRefused as error:
        finish(claim, status=ImportStatus.REFUSED, message=str(error), finished_at=utc_now(), file_path=None)
    else:
        matching.match(claim.id)
        counts = {"rows": rows, **matching.counts(claim.id, election_id)}
        finish(claim, status=ImportStatus.CHECKED, layout=layout, counts=counts, attempts=0, file_path=None)
    if path:
        after_commit(lambda: platform().storage.delete(path))


def _read_into_tables(import_id: uuid.UUID, content: bytes, progress: Progress) -> tuple[dict[str, Any], int]:
    encoding = sniff_encoding(content)
    total = max(content.count(b"\n"), content.count(b"\r"))
    progress.say(0, total=max(1, total))
    lines = open_text(content, encoding)
    header, first_line = _header(lines)
    layout = read_header(header)
    records = read_records(_short(lines), layout.separator, len(layout.columns), first_line)
    writer = _Writer(import_id, RowChecker(layout, utc_now().date()), progress.say)
    rows = writer.write(records)
    if not rows:
        raise FileRefused(_("This file names its columns and holds no row. Add the voters below the first line."))
    return _described(layout, encoding, writer.sample), rows


def _header(lines: io.TextIOWrapper) -> tuple[str, int]:
    """Return the first line that is not blank, and the number of the line after it."""
    number = 0
    while line := lines.readline(MAX_ROW + 1):
        number += 1
        if len(line) > MAX_ROW:
            raise FileRefused(_("The first line is too long for the names of columns."))
        if line.strip() and not separator_line(line):
            return line, number + 1
    raise FileRefused(_("This file is empty. Choose another one."))


def _short(lines: io.TextIOWrapper) -> Iterator[str]:
    """Yield the lines; of one that is far too long only the beginning, which is still too long."""
    while line := lines.readline(MAX_ROW + 2):
        while len(line) > MAX_ROW and not line.endswith(("\n", "\r")):
            if not (rest := lines.readline(1 << 16)) or rest.endswith(("\n", "\r")):
                break
        yield line


class _Writer:
    """Sorts rows into the two tables, a batch at a time."""

    def __init__(self, import_id: uuid.UUID, checker: RowChecker, say: Callable[[int], None]) -> None:
        self._import, self._checker, self._say = import_id, checker, say
        self._good: list[ImportedVoter] = []
        self._bad: list[tuple[Record, list[Problem]]] = []
        self.sample: list[list[str]] = []

    def write(self, records: Iterator[Record]) -> int:
        """Write all rows and return how many there were."""
        rows = 0
        for rows, record in enumerate(records, 1):
            if rows > MOST_ROWS:
                raise FileRefused(_("This file has more than %(most)s rows. Split it.", most=f"{MOST_ROWS:,}"))
            self._take(record)
            if rows % BATCH == 0:
                self._flush()
                self._say(record.line)
        self._flush()
        return rows

    def _take(self, record: Record) -> None:
        if record.problem is not None:
            self._bad.append((record, [record.problem]))
            return
        if len(self.sample) < SAMPLE_ROWS:
            self.sample.append([cell[:60] for cell in record.cells[:20]])
        found = self._checker.check(record.line, record.cells)
        if isinstance(found, ImportedVoter):
            self._good.append(found)
        else:
            self._bad.append((record, found))

    def _flush(self) -> None:
        copy_rows("roll_import_rows", ROW_COLUMNS, (
            (self._import, row.line, row.number, row.email, row.name, row.dob, row.gender, row.phone,
             row.groups or None)
            for row in self._good
        ))  # fmt: skip
        copy_rows("roll_import_problems", PROBLEM_COLUMNS, (
            (self._import, record.line, problems[0].kind, " ".join(problem.why for problem in problems),
             _shown(record.text))
            for record, problems in self._bad
        ))  # fmt: skip
        self._good, self._bad = [], []


def _shown(text: str) -> str:
    return text.replace("\x00", "\ufffd").strip()[:KEPT_OF_BAD]


def _described(layout: Layout, encoding: str, sample: list[list[str]]) -> dict[str, Any]:
    clean = [[cell.replace("\x00", "\ufffd") for cell in row] for row in sample]
    return {
        "encoding": NAMES[encoding], "separator": layout.separator, "columns": list(layout.columns),
        "unused": list(layout.unused), "sample": clean,
    }  # fmt: skip
