"""Where a member's device says it is: within the fence, and possible after where it was before."""

from __future__ import annotations

import math
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from models import AttendanceAttempt, AttendanceRecord, FlagKind, Layer, db
from services.attendance import layers
from services.attendance.sessions import fence_of
from services.clock import utc_now
from services.errors import ValidationFailed
from services.geo import Place, Position, Standing, distance_m, standing

FASTEST_M_PER_S = 278.0
"""1,000 km an hour, the speed of an airliner: nobody comes faster from one meeting to the next."""
MOST_ACCURACY_M = 10_000_000.0
"""Half way round the earth; whatever reports more knows nothing."""


def take(attempt: AttendanceAttempt, position: Position, mocked: bool) -> None:
    """Judge a reported position, and keep it for the next meeting; `mocked`: the device itself says it is made up.

    Raises ValidationFailed for what is no position on earth.
    """
    _require_earth(position)
    last = _last_located(attempt.voter_id)
    attempt.latitude, attempt.longitude = position.latitude, position.longitude
    attempt.accuracy_m = position.accuracy_m
    before = len(attempt.flags)
    fence = fence_of(attempt.session)
    away = _judge_fence(attempt, fence, position) if fence else None
    if position.accuracy_m == 0:
        layers.flag(attempt, FlagKind.ZERO_ACCURACY, accuracy_m=0)
    exact = fence is not None and (position.latitude, position.longitude) == (fence.latitude, fence.longitude)
    if mocked or exact:
        layers.flag(attempt, FlagKind.MOCK_LOCATION, said_by_device=mocked, exactly_the_place=exact)
    _judge_jump(attempt, position, last)
    result = layers.DOUBTFUL if len(attempt.flags) > before else layers.PASSED
    layers.note(attempt, Layer.LOCATION, result, distance_m=away, accuracy_m=round(position.accuracy_m))


def _judge_fence(attempt: AttendanceAttempt, fence: Place, position: Position) -> int:
    away = round(distance_m(fence, position))
    evidence = {"distance_m": away, "radius_m": fence.radius_m, "accuracy_m": round(position.accuracy_m)}
    where = standing(fence, position)
    if where is Standing.OUTSIDE:
        layers.flag(attempt, FlagKind.OUTSIDE_FENCE, **evidence)
    elif where is Standing.UNSURE:
        layers.flag(attempt, FlagKind.POOR_ACCURACY, **evidence)
    return away


def _judge_jump(attempt: AttendanceAttempt, position: Position, last: tuple[Position, datetime] | None) -> None:
    """Flag whoever cannot have come from the last check-in to this one, at the best of both accuracies."""
    if last is None:
        return
    where, when = last
    metres = distance_m(where, position) - where.accuracy_m - position.accuracy_m
    seconds = max((utc_now() - when).total_seconds(), 1.0)
    if metres / seconds > FASTEST_M_PER_S:
        layers.flag(
            attempt, FlagKind.IMPOSSIBLE_JUMP, distance_km=round(metres / 1000), minutes=round(seconds / 60, 1),
            km_per_hour=round(metres / seconds * 3.6),
        )  # fmt: skip


def _last_located(voter_id: int) -> tuple[Position, datetime] | None:
    mine = AttendanceRecord.voter_id == voter_id, AttendanceRecord.latitude.is_not(None)
    where = AttendanceRecord.latitude, AttendanceRecord.longitude, AttendanceRecord.accuracy_m
    newest = select(*where, AttendanceRecord.checked_in_at).where(*mine)
    last = db.session.execute(newest.order_by(AttendanceRecord.checked_in_at.desc()).limit(1)).one_or_none()
    if last is None or last.latitude is None or last.longitude is None:
        return None
    return Position(last.latitude, last.longitude, last.accuracy_m or 0.0), last.checked_in_at


def _require_earth(position: Position) -> None:
    values = position.latitude, position.longitude, position.accuracy_m
    on_earth = abs(position.latitude) <= 90 and abs(position.longitude) <= 180
    if not all(map(math.isfinite, values)) or not on_earth or not 0 <= position.accuracy_m <= MOST_ACCURACY_M:
        raise ValidationFailed(fields={"latitude": _("This is no position. Ask the device for its position again.")})
