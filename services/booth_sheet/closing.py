"""Booth sheets that stay: counted while the election is open, written down at closing, read from there ever after."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from models import ClosedBoothSheets, Election, db
from services.booth_sheet.counting import Line, Sheet, count
from services.booth_sheet.figures import Figures
from services.clock import utc_now


def sheets(election: Election, now: datetime | None = None) -> list[Sheet]:
    """Return the sheets as they stood at closing, or, of an election that is open, as `count` finds them now."""
    closed = db.session.get(ClosedBoothSheets, election.id)
    return count(election, now) if closed is None else [_sheet(stored) for stored in closed.sheets]


def frozen_at(election: Election) -> datetime | None:
    """Return when the sheets were written down, None while they are counted anew each time.

    They stay so for elections that were closed before this was done (migration 0005).
    """
    closed = db.session.get(ClosedBoothSheets, election.id)
    return closed.created_at if closed else None


def freeze(election: Election) -> ClosedBoothSheets:
    """Write the sheets down as they stand now; nobody changes them from then on.

    Ballots still open count as open: no vote can come of them any more.
    """
    now = utc_now()
    stored = [_stored(sheet) for sheet in count(election, now)]
    # The time of the count: that of the transaction's start lies before casts it waited for.
    closed = ClosedBoothSheets(election_id=election.id, sheets=stored, created_at=now)
    db.session.add(closed)
    db.session.flush()
    return closed


def _stored(sheet: Sheet) -> dict[str, Any]:
    return {
        "kiosk_id": sheet.kiosk_id,
        "name": sheet.name,
        "opened_at": _text(sheet.opened_at),
        "ended_at": _text(sheet.ended_at),
        "lines": [{"begins": _text(line.begins), "figures": asdict(line.figures)} for line in sheet.lines],
    }


def _sheet(stored: dict[str, Any]) -> Sheet:
    return Sheet(
        kiosk_id=stored["kiosk_id"],
        name=stored["name"],
        lines=tuple(
            Line(datetime.fromisoformat(line["begins"]), Figures(**line["figures"])) for line in stored["lines"]
        ),
        opened_at=_moment(stored["opened_at"]),
        ended_at=_moment(stored["ended_at"]),
    )


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
