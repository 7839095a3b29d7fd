"""What the alerts of the live desk cost without their partial index and with it, and what making the index costs.

    python -m benchmarks.recent_alerts [--attempts 300000]

One election, attempts spread over a day, every twentieth refused and every hundredth by document. Prints the plan of
the statement that the page itself sends, with what PostgreSQL read and how long it took; an own database.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import event, text

from benchmarks.day.installation import installed
from models import Election, StaffRole, db, transaction, use_role
from services import desk, elections
from tests import factories

INDEX = "ix_auth_events_alerts"
ADD = text("""
    INSERT INTO auth_events
        (election_id, voter_id_input, result, method, created_at, document, officer_id, note, review)
    SELECT :election, '20481735',
           CASE WHEN n % 40 = 0 THEN 'mismatch' WHEN n % 40 = 20 THEN 'unknown' ELSE 'success' END,
           CASE WHEN n % 100 = 1 THEN 'document' ELSE 'face' END,
           now() - interval '1 day' * n / :count,
           CASE WHEN n % 100 = 1 THEN 'passport' END, CASE WHEN n % 100 = 1 THEN :officer END,
           CASE WHEN n % 100 = 1 THEN 'camera' END, CASE WHEN n % 100 = 1 THEN 'pending' END
    FROM generate_series(1, :count) AS n
""")


def timed(act: Callable[[], Any]) -> float:
    """Return the milliseconds that something took."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def statement_of(election: Election) -> tuple[str, Any]:
    """Return the statement that the page sends, and its values."""
    sent: list[tuple[str, Any]] = []
    engine = db.session.get_bind()

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        sent.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    desk.recent_alerts(election)
    event.remove(engine, "before_cursor_execute", note)
    return next(one for one in sent if "auth_events" in one[0])


def show(what: str, number: int) -> float:
    """Print the plan, and return the best of five times, in milliseconds, of the function that the page calls."""
    election = elections.get_election(number)
    statement, values = statement_of(election)
    rows = db.session.connection().exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {statement}", values).all()
    best = min(timed(lambda: desk.recent_alerts(election)) for _once in range(5))
    db.session.rollback()
    print(f"\n{what}: {best:.1f} ms", *(f"    {row[0]}" for row in rows), sep="\n")
    return best


def measure(attempts: int) -> int:
    """Fill the table, and compare; return 1 when the index does not help."""
    with transaction():
        number = factories.make_open_election(voters=1).id
        officer = factories.StaffUserFactory(role=StaffRole.OFFICER).id
    with use_role("owner"), transaction():
        wanted = db.session.scalar(text("SELECT indexdef FROM pg_indexes WHERE indexname = :name"), {"name": INDEX})
        db.session.execute(text(f"DROP INDEX {INDEX}"))
        db.session.execute(ADD, {"election": number, "officer": officer, "count": attempts})
        db.session.execute(text("ANALYZE auth_events"))
    slow = show(f"without the index, {attempts:,} attempts", number)
    with use_role("owner"), transaction():
        print(f"\nmaking the index: {timed(lambda: db.session.execute(text(wanted))):.0f} ms")
        print("its size:", db.session.scalar(text(f"SELECT pg_size_pretty(pg_relation_size('{INDEX}'))")))
    quick = show("with the index", number)
    print(f"\n{slow / quick:.0f} times as fast")
    return 0 if quick < slow else 1


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, default=300_000)
    wanted = parser.parse_args()
    with installed("recent-alerts") as installation, installation.prepare().app_context():
        return measure(wanted.attempts)


if __name__ == "__main__":
    sys.exit(main())
