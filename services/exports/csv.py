"""The result as CSV with the ordered header `party,candidate,count,nota,totals`.

One row a candidate, most votes first, as on the result page. `count` holds the votes for candidates, `nota` the
votes for none of the above, `totals` both, so that each column adds up by itself:

    party,candidate,count,nota,totals
    Lighthouse Party,Amina Solberg,268,,268
    ,NOTA,,22,22
    TOTAL,,880,22,902

The last row is the sum of the rows above: votes for candidates, NOTA, all counted ballots.
"""

from __future__ import annotations

import csv
import io
import re

from services.errors import Conflict
from services.results import Result
from services.rounds import Rounds, as_table

HEADER = ["party", "candidate", "count", "nota", "totals"]
NOTA, TOTAL = "NOTA", "TOTAL"
BYTE_ORDER_MARK = "\ufeff"
FIGURE = re.compile(r"[-−]?[0-9,]+(\.[0-9]+)?")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_export(result: Result) -> bytes:
    """Return the file: UTF-8, lines ended by CRLF (RFC 4180).

    A byte order mark comes first only when a name needs it: without one Excel misreads letters beyond ASCII, with
    one other programs misread the first word of the header.
    Raises Conflict while the counts may not be seen.
    """
    if result.total is None or result.nota.count is None:
        raise Conflict(result.note)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(HEADER)
    marks = 0
    for row in result.rows:
        count = row.count or 0
        marks += count
        writer.writerow([safe_cell(row.party), safe_cell(row.name), count, "", count])
    nota = result.nota.count
    writer.writerow(["", NOTA, "", nota, nota])
    writer.writerow([TOTAL, "", marks, nota, marks + nota])
    return _encoded(buffer.getvalue())


def rounds_csv(rounds: Rounds) -> bytes:
    """Return the votes of every round of a ranked count, a row a candidate; written as `csv_export` writes."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in as_table(rounds):
        writer.writerow([cell if _is_figure(cell) else safe_cell(cell) for cell in _plain_figures(row)])
    return _encoded(buffer.getvalue())


def _plain_figures(row: list[str]) -> list[str]:
    """Return the row with figures as a spreadsheet reads them: `1,307.05` becomes `1307.05`."""
    return [cell.replace(",", "").replace("−", "-") if FIGURE.fullmatch(cell) else cell for cell in row]


def _is_figure(cell: str) -> bool:
    return FIGURE.fullmatch(cell) is not None


def _encoded(text: str) -> bytes:
    return (text if text.isascii() else BYTE_ORDER_MARK + text).encode()


def safe_cell(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula (OWASP, CSV injection)."""
    stripped = text.lstrip(" \u00a0\ufeff")
    full_width = stripped[:1] in ("＝", "＋", "－", "＠")  # Spreadsheets read these as their ASCII twins.
    return f"'{text}" if full_width or text.startswith(FORMULA_STARTS) or stripped.startswith(FORMULA_STARTS) else text
