"""The partitions of the audit log: the worker makes them ahead, health says when it does not."""

from __future__ import annotations

from sqlalchemy import text

from models import db

AHEAD = 20_000_000
"""Numbers: at ten thousand audit rows a second, half an hour."""
LOW = 5_000_000


def make_ahead() -> int:
    """Make the partitions that will be needed, as the sealer, in the caller's transaction; return how many."""
    return int(db.session.scalar(text("SELECT sv_make_audit_partitions(:ahead)"), {"ahead": AHEAD}) or 0)


def trouble() -> str | None:
    """Return in words for the operator that partitions are missing; None while there are enough."""
    room = int(db.session.scalar(text("SELECT sv_audit_room()")) or 0)
    if room >= LOW:
        return None
    return f"The audit log has room for {max(room, 0):,} rows. The worker makes more partitions: does it run?"
