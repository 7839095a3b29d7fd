"""The rows that were refused: counted by kind, shown page by page, downloaded as a whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from sqlalchemy import func, select

from models import ImportProblem, RollImport, db
from services.exports.csv import BYTE_ORDER_MARK, safe_cell

PROBLEMS_SHOWN = 50
PART = 2000
"""Rows read and sent at once."""


def problem_kinds(job: RollImport) -> list[tuple[str, int]]:
    """Return the kinds of problems in words and how many rows have each first, the most frequent first."""
    rows = db.session.execute(
        select(ImportProblem.kind, func.count())
        .where(ImportProblem.import_id == job.id)
        .group_by(ImportProblem.kind)
        .order_by(func.count().desc(), ImportProblem.kind)
    )
    return [(kind, count) for kind, count in rows]


def problems(job: RollImport, after_line: int = 0, limit: int = PROBLEMS_SHOWN) -> list[ImportProblem]:
    """Return the bad rows after a line of the file, in the order of the file."""
    wanted = select(ImportProblem).where(ImportProblem.import_id == job.id, ImportProblem.line > after_line)
    return list(db.session.scalars(wanted.order_by(ImportProblem.line).limit(limit)))


def problems_csv(job: RollImport) -> Iterator[str]:
    """Yield the bad rows as CSV, part by part: line, why, and the row as it stands in the file."""
    yield BYTE_ORDER_MARK + "line,why,row\r\n"
    last = 0
    while part := problems(job, last, PART):
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\r\n")
        for problem in part:
            writer.writerow([problem.line, safe_cell(problem.why), safe_cell(problem.row)])
        last = part[-1].line
        db.session.expunge_all()
        yield buffer.getvalue()
