"""What meetings hold of a person goes when its time is over: check-ins left half way, pictures, positions."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update

from models import AttendanceAttempt, AttendanceRecord, RecordStatus, db
from services.clock import utc_now
from services.context import platform
from services.savepoints import after_commit

ATTEMPTS_KEPT = timedelta(days=1)


def forget_old() -> int:
    """Delete half check-ins after a day; pictures and positions after SNAPSHOT_DAYS, unless they wait for a look.

    A decision starts that time anew: a member may object as long as the evidence is there. The record itself stays.
    Returns how many records were stripped; in the caller's transaction.
    """
    now = utc_now()
    old = AttendanceAttempt.created_at < now - ATTEMPTS_KEPT
    _delete_files(select(AttendanceAttempt.selfie_path, AttendanceAttempt.room_path).where(old))
    db.session.execute(delete(AttendanceAttempt).where(old))
    return _strip_records(now - timedelta(days=platform().settings.snapshot_days))


def _strip_records(before: datetime) -> int:
    held = AttendanceRecord.latitude, AttendanceRecord.selfie_path, AttendanceRecord.room_path
    done = (
        AttendanceRecord.checked_in_at < before,
        AttendanceRecord.reviewed_at.is_(None) | (AttendanceRecord.reviewed_at < before),
        AttendanceRecord.status != RecordStatus.FLAGGED,
        held[0].is_not(None) | held[1].is_not(None) | held[2].is_not(None),
    )
    _delete_files(select(AttendanceRecord.selfie_path, AttendanceRecord.room_path).where(*done))
    nothing: dict[str, None] = dict.fromkeys(("latitude", "longitude", "accuracy_m", "selfie_path", "room_path"))
    stripped = db.session.execute(update(AttendanceRecord).where(*done).values(nothing))
    return cast("CursorResult[Any]", stripped).rowcount


def _delete_files(paths: Any) -> None:
    for row in db.session.execute(paths):
        for path in row:
            if path:
                after_commit(partial(platform().storage.delete, path))
