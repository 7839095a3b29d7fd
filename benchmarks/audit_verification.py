"""Verification of an audit log of 1,000,000 rows: rows a second, memory, beside a bare SHA-256 of the same rows.

    python -m benchmarks.audit_verification [--rows 1000000]

Own database (the embedded PostgreSQL). The rows are made by SQL through the trigger of their table, chained as the
worker does, and verified as `flask audit verify` does. Baselines in the same run: reading the same columns and hashing
them with `hashlib` as one string a row, and PostgreSQL hashing them itself. Then the database's owner changes one row
with triggers off, which must be found. Exits 1 when the log does not verify, or the change is not found.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import text

from benchmarks.day.installation import installed
from models import db, transaction, use_role
from services import heads
from tests.support.voting import as_attacker

T = TypeVar("T")
_ROWS = """
INSERT INTO audit_logs (event_type, actor, details)
SELECT 'kiosk:vote:cast', 'Booth ' || n % 40, jsonb_build_object('audit_ref', 'B' || n, 'channel', 'booth')
FROM generate_series(CAST(:first AS int), :last) AS n
"""
_READ = "SELECT id, event_type, actor, details::text, created_at::text, row_hash FROM audit_logs ORDER BY id"
_IN_SQL = (
    "SELECT count(sha256(convert_to(concat_ws('|', id, event_type, actor, details::text, created_at), 'UTF8')))"
    " FROM audit_logs"
)
_CHANGE = "UPDATE audit_logs SET actor = 'Booth 41' WHERE id = (SELECT max(id) / 2 FROM audit_logs)"


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    wanted = parser.parse_args()
    with installed("audit-verification") as installation, installation.prepare().app_context():
        return _run(wanted.rows)


def _run(rows: int) -> int:
    made, _none = _timed(lambda: _make(rows))
    chained, count = _timed(_chain)
    before = _peak_mb()
    verified, problems = _timed(_verify)
    print(f"{rows:,} rows made through the trigger in {made:.1f} s, {count:,} chained in {chained:.1f} s")
    print(f"verified in {verified:.1f} s, {count / verified:,.0f} rows a second: {problems or 'intact'}")
    print(f"memory of this process: {before:.0f} MB before, {_peak_mb():.0f} MB at most")
    bare, _hashed = _timed(_bare_hash)
    in_sql, _hashed = _timed(lambda: _scalar(_IN_SQL))
    print(f"verification / reading and one SHA-256 a row: {verified / bare:.2f} ({bare:.1f} s)")
    print(f"verification / one SHA-256 a row inside PostgreSQL: {verified / in_sql:.2f} ({in_sql:.1f} s)")
    as_attacker(_CHANGE)
    found = _verify()
    print(f"one row changed: {found}")
    return 1 if problems or count < rows or not found else 0


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.monotonic()
    result = work()
    return time.monotonic() - began, result


def _make(rows: int) -> None:
    step = 100_000
    for first in range(1, rows + 1, step):
        with use_role("owner"), transaction():
            db.session.execute(text(_ROWS), {"first": first, "last": min(rows, first + step - 1)})


def _chain() -> int:
    with use_role("sealer"):
        return heads.chain_due(transaction)


def _verify() -> list[str]:
    with use_role("owner"):
        return heads.audit_chain_problems()


def _bare_hash() -> int:
    count = 0
    with db.engines["owner"].connect().execution_options(stream_results=True, yield_per=2000) as connection:
        for row in connection.execute(text(_READ)):
            hashlib.sha256("|".join(map(str, row)).encode()).digest()
            count += 1
    return count


def _scalar(statement: str) -> int:
    with use_role("owner"):
        return int(db.session.scalar(text(statement)) or 0)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
