"""Results for tests of pages and exports, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.results import Balance, Result, Row, Share, Turnout, party_totals, percent
from services.rounds import listed
from services.verdict import decide

CANDIDATES = (
    ("Amina Solberg", "Lighthouse Party", 268),
    ("Rosa Demir", "Orchard Alliance", 214),
    ("Viktor Hale", "Orchard Alliance", 186),
    ("Kwame Ellery", "Open Bridge", 133),
    ("Ingrid Tanaka", "Kite Movement", 79),
)


def make_result(candidates: Any = CANDIDATES, nota: int = 22, final: bool = True, **changes: Any) -> Result:
    """Return a counted result of a secret election with the given candidates (name, party, votes)."""
    total = sum(count for _name, _party, count in candidates) + nota
    verdict = decide({number: line[2] for number, line in enumerate(candidates)}, nota)
    rows = [
        Row(number, name, party, count, percent(count, total), None, None, number in verdict.first)
        for number, (name, party, count) in enumerate(candidates)
    ]
    winners = [row.name for row in rows if row.winner]
    values: dict[str, Any] = {
        "election_id": 1,
        "title": "Larkmoor Town Council, Ward 4, Riverside",
        "status": "closed" if final else "active",
        "secret": True,
        "live": not final,
        "final": final,
        "intact": True,
        "seats": 1,
        "turnout": Turnout(total, 1248, percent(total, 1248)),
        "rows": rows,
        "nota": Share("None of the above", nota, percent(nota, total)),
        "parties": party_totals(rows, total),
        "total": total,
        "winner": listed(winners) or None,
        "winners": winners,
        "tie": [rows[number].name for number in verdict.tied] if final else [],
        "balance": Balance(total, total, 0, 0, True),
        "counted_at": datetime(2026, 10, 18, 18, 0, 41, tzinfo=UTC),
        "closed_at": datetime(2026, 10, 18, 18, 0, 2, tzinfo=UTC),
        "note": "",
    }
    return Result(**{**values, **changes})
