"""How often officers identified by document, beside the booth's average: who does it far more often is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from models import AuthEvent, AuthMethod, AuthResult, Election, Kiosk, StaffUser, db


@dataclass(frozen=True)
class OverrideCount:
    """Identifications by document of one officer at one kiosk.

    `share` is their part (0 to 1) of all voters identified at this kiosk, `booth_average` the same part over all
    kiosks of the election and all officers.
    """

    kiosk: str
    officer: str
    count: int
    share: float
    booth_average: float


def override_counts(election: Election) -> list[OverrideCount]:
    """Return the counts of the election per kiosk and officer, the most frequent first; empty without any."""
    identified = (AuthEvent.election_id == election.id) & (AuthEvent.result == AuthResult.SUCCESS)
    per_kiosk = select(AuthEvent.kiosk_id, func.count()).where(identified).group_by(AuthEvent.kiosk_id)
    at_kiosk = {kiosk_id: int(count) for kiosk_id, count in db.session.execute(per_kiosk)}
    rows = db.session.execute(
        select(Kiosk.id, Kiosk.name, StaffUser.username, func.count())
        .join(AuthEvent, AuthEvent.kiosk_id == Kiosk.id)
        .join(StaffUser, StaffUser.id == AuthEvent.officer_id)
        .where(identified, AuthEvent.method == AuthMethod.DOCUMENT)
        .group_by(Kiosk.id, Kiosk.name, StaffUser.username)
        .order_by(func.count().desc(), Kiosk.name, StaffUser.username)
    ).all()
    if not rows:
        return []
    average = sum(count for *_who, count in rows) / sum(at_kiosk.values())
    return [
        OverrideCount(kiosk, officer, count, count / at_kiosk[kiosk_id], average)
        for kiosk_id, kiosk, officer, count in rows
    ]
