"""The audit log as CSV, and as a file that opens with a passphrase only."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from services import audit_logger, sealed_file
from services.actor import Actor
from services.audit_trail.searching import Filters, every
from services.audit_trail.sentences import row_in_words
from services.exports.csv import safe_cell

HEADER = ("number", "time_utc", "event", "actor", "election_id", "election", "sentence", "details", "row_hash")
MOST_ROWS = 200_000
"""Rows of one file: what a spreadsheet opens and what fits into memory while it is encrypted; older rows by dates."""


def csv_lines(filters: Filters, actor: Actor) -> Iterator[bytes]:
    """Yield the rows as CSV, in pieces; formulas are neutralised. The export is in the log itself."""
    audit_logger.record("staff:audit:exported", actor, election_id=filters.election_id, kind="csv")
    return _pieces(filters)


def sealed_export(filters: Filters, passphrase: str, actor: Actor) -> bytes:
    """Return the same CSV, encrypted (`services.sealed_file`); raises ValidationFailed for a short passphrase."""
    sealed_file.check_passphrase(passphrase)
    content = b"".join(_pieces(filters))
    audit_logger.record("staff:audit:exported", actor, election_id=filters.election_id, kind="encrypted")
    return sealed_file.seal(content, passphrase, "audit-log.csv")


def _pieces(filters: Filters) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(HEADER)
    for number, row in enumerate(every(filters, MOST_ROWS), start=1):
        words = row_in_words(row)
        details = json.dumps(row.details, sort_keys=True, ensure_ascii=False) if row.details else ""
        cells = (row.actor, row.election_id or "", words.election, words.sentence, details)
        writer.writerow(
            [row.id, row.created_at.isoformat(), row.event_type, *(safe_cell(str(cell)) for cell in cells),
             row.row_hash.hex() if row.row_hash else ""]
        )  # fmt: skip
        if number % 500 == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
