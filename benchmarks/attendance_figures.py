"""Meetings in figures with 200 meetings of 2,000 members: how long does each question to the database take?

    python -m benchmarks.attendance_figures [--meetings 200] [--members 2000] [--times 7]

Own embedded PostgreSQL. Four members in five come to each meeting, one check-in in twenty has a flag and a doubtful
position. Prints the middle time of each question as the pages ask it; exits 1 when one is above `MOST_SECONDS`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

from benchmarks.day.installation import installed
from models import StaffRole, db, transaction, use_role
from services.actor import Actor
from services.attendance import codes, figure_files, member_rates
from services.attendance.overview import Span, overview
from tests import factories

MOST_SECONDS = 3.0
"""A page that is opened to read, not in the middle of a meeting; the desk shows that it works."""
ADMIN = Actor("admin", name="benchmark")
FILL = (
    """INSERT INTO voters (voter_id, name, dob, status)
       SELECT (50000000 + n)::text, 'Member ' || n, DATE '1980-01-01', 'verified'
       FROM generate_series(1, :members) n""",
    """INSERT INTO group_members (group_id, voter_id) SELECT :group, id FROM voters WHERE voter_id LIKE '5%'""",
    """INSERT INTO attendance_sessions (group_id, title, starts_at, ends_at, latitude, longitude, radius_m, layers,
                                        code_secret, created_by)
       SELECT :group, 'Meeting ' || n, now() - n * interval '2 days', now() - n * interval '2 days' + interval '1 hour',
              52.5, 13.4, 100, '["device", "location"]', :secret, :officer FROM generate_series(1, :meetings) n""",
    """INSERT INTO attendance_records (session_id, voter_id, status, checked_in_at, late, layers)
       SELECT s.id, v.id, CASE WHEN (v.id + s.id) % 20 = 0 THEN 'flagged' ELSE 'confirmed' END, s.starts_at,
              (v.id + s.id) % 7 = 0,
              CASE WHEN (v.id + s.id) % 20 = 0
                   THEN '{"device": {"result": "passed"}, "location": {"result": "doubtful"}}'::jsonb
                   ELSE '{"device": {"result": "passed"}, "location": {"result": "passed"}}'::jsonb END
       FROM attendance_sessions s CROSS JOIN voters v WHERE v.voter_id LIKE '5%' AND (v.id * 7 + s.id) % 5 > 0""",
    """INSERT INTO presence_flags (record_id, kind) SELECT id, 'outside_fence' FROM attendance_records
       WHERE status = 'flagged'""",
)


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name, default in (("meetings", 200), ("members", 2000), ("times", 7)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with installed("attendance-figures") as installation, installation.prepare().app_context():
        return run(asked)


def run(asked: argparse.Namespace) -> int:
    """Fill the database, ask, print; return 1 where one question took too long."""
    fill(asked.meetings, asked.members)
    questions: dict[str, Callable[[], object]] = {
        "overview": lambda: overview(Span(), ADMIN, "UTC"),
        "members by name": lambda: member_rates.search(Span(), "", "name", False, 1, ADMIN),
        "members by share": lambda: member_rates.search(Span(), "", "share", True, 20, ADMIN),
        "members searched": lambda: member_rates.search(Span(), "member 19", "name", False, 1, ADMIN),
        "file of meetings": lambda: figure_files.meetings_csv(Span(), ADMIN),
        "file of members": lambda: figure_files.members_csv(Span(), "", ADMIN),
    }
    slowest = 0.0
    for name, question in questions.items():
        took = [_seconds(question) for _time in range(asked.times)]
        slowest = max(slowest, statistics.median(took))
        print(f"{name:20} p50 {1000 * statistics.median(took):6.0f} ms   max {1000 * max(took):6.0f} ms")
    print("Everything held." if slowest <= MOST_SECONDS else f"FAILED  {slowest:.1f} s > {MOST_SECONDS:.0f} s")
    return 0 if slowest <= MOST_SECONDS else 1


def fill(meetings: int, members: int) -> None:
    """Write meetings, members and check-ins, and let PostgreSQL count them, as it does by itself after a while."""
    officer = factories.StaffUserFactory(role=StaffRole.OFFICER)
    group = factories.GroupFactory()
    values = {"group": group.id, "officer": officer.id, "secret": codes.new_secret(), "members": members,
              "meetings": meetings}  # fmt: skip
    with use_role("owner"), transaction():
        for statement in FILL:
            db.session.execute(db.text(statement), values)
        for table in ("voters", "group_members", "attendance_sessions", "attendance_records", "presence_flags"):
            db.session.execute(db.text(f"ANALYZE {table}"))
    count = db.session.scalar(db.text("SELECT count(*) FROM attendance_records"))
    print(f"{meetings} meetings, {members} members, {count:,} check-ins")


def _seconds(question: Callable[[], object]) -> float:
    db.session.rollback()
    begun = time.perf_counter()
    question()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
