"""Which rows belong to registered voters, and which of them contradict the register. All of it in the database."""

from __future__ import annotations

import uuid
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import text

from models import db

MATCH = text("""
UPDATE roll_import_rows r SET voter_id = m.voter_id, kind = m.kind
  FROM (SELECT s.line, coalesce(n.id, e.id) AS voter_id,
               CASE WHEN s.number IS NOT NULL AND n.id IS NULL AND e.id IS NOT NULL THEN 'other_number'
                    WHEN n.id <> e.id THEN 'other_address'
                    WHEN n.id IS NULL AND e.id IS NULL THEN 'new'
                    WHEN s.name IS DISTINCT FROM v.name OR s.email <> coalesce(v.email, '')
                      OR s.dob IS DISTINCT FROM coalesce(v.dob, 'infinity') AND s.dob IS NOT NULL
                      OR s.gender <> v.gender OR s.phone <> coalesce(v.phone, '') THEN 'changed'
                    ELSE 'same' END AS kind
          FROM roll_import_rows s
          LEFT JOIN voters n ON n.voter_id = s.number
          LEFT JOIN voters e ON lower(e.email) = lower(s.email)
          LEFT JOIN voters v ON v.id = coalesce(n.id, e.id)
         WHERE s.import_id = :import) m
 WHERE r.import_id = :import AND r.line = m.line
""")
REFUSE = text("""
WITH bad AS (DELETE FROM roll_import_rows r USING (
        SELECT s.line, s.kind, v.voter_id AS known,
               CASE WHEN s.voter_id IS NOT NULL
                    THEN first_value(s.line) OVER (PARTITION BY s.voter_id ORDER BY s.line) END AS first
          FROM roll_import_rows s LEFT JOIN voters v ON v.id = s.voter_id
         WHERE s.import_id = :import) f
     WHERE r.import_id = :import AND r.line = f.line AND (f.kind LIKE 'other_%' OR f.first < r.line)
 RETURNING r.line, r.number, r.email, r.name, f.kind, f.known, f.first)
INSERT INTO roll_import_problems (import_id, line, kind, why, "row")
SELECT :import, line,
       CASE WHEN kind LIKE 'other_%' THEN :clash ELSE :twice END,
       CASE WHEN kind = 'other_number' THEN replace(:other_number, '@', known)
            WHEN kind = 'other_address' THEN :other_address
            ELSE replace(:twice_line, '@', first::text) END,
       left(concat_ws(', ', number, email, name), 300)
  FROM bad
""")
COUNTS = text("""
SELECT count(*) FILTER (WHERE r.kind = 'new') AS new, count(*) FILTER (WHERE r.kind = 'same') AS same,
       count(*) FILTER (WHERE r.kind = 'changed') AS changed,
       count(*) FILTER (WHERE r.voter_id IS NOT NULL AND EXISTS (
           SELECT FROM roll_entries e WHERE e.election_id = :election AND e.voter_id = r.voter_id)) AS on_roll,
       (SELECT count(*) FROM roll_import_problems p WHERE p.import_id = :import) AS bad
  FROM roll_import_rows r WHERE r.import_id = :import
""")
NEW_GROUPS = text("""
SELECT DISTINCT ON (lower(asked)) asked FROM roll_import_rows r, unnest(r.groups) AS asked
 WHERE r.import_id = :import AND NOT EXISTS (SELECT FROM groups g WHERE lower(g.name) = lower(asked))
""")


def match(import_id: uuid.UUID) -> None:
    """Find the registered voter of each row, by voter ID and else by address, and refuse rows that contradict."""
    db.session.execute(MATCH, {"import": import_id})
    words = {
        "clash": _("Voter ID and e-mail address belong to different voters."),
        "twice": _("The same registered voter stands in this file twice."),
        "other_number": _("The e-mail address belongs to the voter with the voter ID @."),
        "other_address": _("The voter ID belongs to one voter, the e-mail address to another."),
        "twice_line": _("The same registered voter stands in line @ already."),
    }
    db.session.execute(REFUSE, {"import": import_id, **words})


def counts(import_id: uuid.UUID, election_id: int | None) -> dict[str, Any]:
    """Return how many rows are new, same, changed and bad, how many are on the roll already, and the new groups."""
    row = db.session.execute(COUNTS, {"import": import_id, "election": election_id}).one()
    groups = list(db.session.scalars(NEW_GROUPS, {"import": import_id}))
    return {**row._mapping, "new_groups": sorted(groups)}
