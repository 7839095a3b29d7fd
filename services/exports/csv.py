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

from services.errors import Conflict
from services.results import Result

HEADER = ["party", "candidate", "count", "nota", "totals"]
NOTA, TOTAL = "NOTA", "TOTAL"
BYTE_ORDER_MARK = "\ufeff"
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
    text = buffer.getvalue()
    return (text if text.isascii() else BYTE_ORDER_MARK + text).encode()


def safe_cell(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula (OWASP, CSV injection)."""
    stripped = text.lstrip(" \u00a0\ufeff")
    full_width = stripped[:1] in ("＝", "＋", "－", "＠")  # Spreadsheets read these as their ASCII twins.
    return f"'{text}" if full_width or text.startswith(FORMULA_STARTS) or stripped.startswith(FORMULA_STARTS) else text
