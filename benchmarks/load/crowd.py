"""Voters who have voted already, by the million: made by SQL with triggers off, so that only their number is real.

Their ballots are sealed (in the table `ballots`), with hashes that are no chain: pages read counts and tallies, the
verification of a chain is measured elsewhere (`benchmarks.audit_verification`, `benchmarks.day`).
"""

from __future__ import annotations

import time

from sqlalchemy import text

from benchmarks.load.hall import Hall, settle
from models import db, transaction, use_role

_STATEMENTS = (
    """
    INSERT INTO voters (id, voter_id, name, email, dob)
    SELECT n, n::text, initcap(translate(to_char(n % 9973, 'FM0000'), '0123456789', 'abdegiklmn')) || ' '
           || initcap(translate(to_char(n % 7907 * 7919 % 99991, 'FM00000'), '0123456789', 'aeioumnrst')),
           'voter' || n || '@mail.example', date '1950-01-01' + n % 18000
    FROM generate_series(CAST(:first AS int), :last) AS n
    """,
    """
    INSERT INTO roll_entries (election_id, voter_id, has_voted, channel)
    SELECT :id, n, true, 'booth' FROM generate_series(CAST(:first AS int), :last) AS n
    """,
    """
    INSERT INTO voting_tokens (election_id, voter_id, token_hash, made_at, expires_at)
    SELECT :id, n, sha256(convert_to(lpad(n::text, 43, 'x'), 'UTF8')), now(), now() + interval '8 hours'
    FROM generate_series(CAST(:first AS int), :last) AS n
    """,
    """
    INSERT INTO auth_events (election_id, voter_id, voter_id_input, result, reason)
    SELECT :id, n, n::text, 'success', 'identified' FROM generate_series(CAST(:first AS int), :last) AS n
    """,
    """
    INSERT INTO votes (election_id, secrecy, voter_id, cast_at, audit_ref, channel, idempotency_hash)
    SELECT :id, 'secret', n, now() - interval '1 second' * (n % 3600), 'B' || n, 'booth',
           sha256(convert_to('key' || n, 'UTF8'))
    FROM generate_series(CAST(:first AS int), :last) AS n
    """,
    """
    INSERT INTO ballots (election_id, seq, payload, previous_hash, ballot_hash)
    SELECT :id, n - :base, jsonb_build_object('nota', false, 'candidates', jsonb_build_array((:chosen)[1 + n % 5])),
           sha256(convert_to((n - 1)::text, 'UTF8')), sha256(convert_to(n::text, 'UTF8'))
    FROM generate_series(CAST(:first AS int), :last) AS n
    """,
    """
    INSERT INTO ballot_receipts (election_id, code)
    SELECT :id, translate(upper(md5(n::text)), '0189', 'WXYZ') FROM generate_series(CAST(:first AS int), :last) AS n
    """,
    """
    INSERT INTO tallies (election_id, choice, count, updated_at)
    SELECT :id, unnest(CAST(:chosen AS bigint[]))::text, (CAST(:last AS bigint) - :first + 1) / 5, now()
    ON CONFLICT (election_id, choice) DO UPDATE SET count = tallies.count + excluded.count
    """,
)
_AUDIT = """
INSERT INTO audit_logs (event_type, actor, election_id, details)
SELECT 'kiosk:vote:cast', 'Booth ' || n % 40, :id, jsonb_build_object('audit_ref', 'B' || n, 'channel', 'booth')
FROM generate_series(CAST(:first AS int), :last) AS n
"""


def join(hall: Hall, already: int, count: int) -> float:
    """Add so many voters beside `already` there, all of whom have voted; return the seconds it took."""
    began = time.monotonic()
    first = hall.last + 1 + already
    values = {"id": hall.id, "first": first, "last": first + count - 1, "base": hall.last, "chosen": hall.candidates}
    with use_role("owner"), transaction():
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in _STATEMENTS:
            db.session.execute(text(statement), values)
        db.session.execute(text("SET LOCAL session_replication_role = origin"))
        db.session.execute(text(_AUDIT), values)
    settle()
    return time.monotonic() - began
