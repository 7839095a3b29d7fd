"""Many rows at once, by COPY."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from models import db

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Append rows to a table of ours; None is NULL, a tuple an array of texts."""
    buffer = io.StringIO()
    for row in rows:
        buffer.write("\t".join([_cell(value) for value in row]))
        buffer.write("\n")
    buffer.seek(0)
    cursor = db.session.connection().connection.cursor()
    cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", buffer)
    cursor.close()


def _cell(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, tuple):
        return ("{" + ",".join(_quoted(str(item)) for item in value) + "}").translate(ESCAPES)
    return str(value).translate(ESCAPES)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
