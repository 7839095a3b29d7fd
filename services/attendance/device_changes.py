"""Requests for another device as an admin looks through them, and as the member sees the own ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from models import Device, DeviceResetRequest, DeviceStatus, Voter, db
from services.attendance.devices import active_device, open_request
from services.voters import normalise_voter_number

PAGE_SIZE = 50
WAITING, DECIDED = "waiting", "decided"


@dataclass(frozen=True)
class Line:
    """A request with what it is judged by: the device bound now, and who else uses the device asked for."""

    request: DeviceResetRequest
    bound: Device | None
    others: list[Voter]


@dataclass(frozen=True)
class Page:
    lines: list[Line]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class Standing:
    """What a member sees: the bound device, the request that waits, and the last one that was decided."""

    bound: Device | None
    waiting: DeviceResetRequest | None
    last: DeviceResetRequest | None


def search(state: str, text: str, page: int) -> Page:
    """Return fifty requests: those that wait from the oldest on, the decided ones from the newest on."""
    waits = DeviceResetRequest.decision.is_(None)
    wanted: list[ColumnElement[bool]] = [waits if state == WAITING else ~waits]
    if text:
        number = normalise_voter_number(text)
        wanted.append(Voter.name.icontains(text, autoescape=True) | (Voter.voter_id == number))
    chosen = select(DeviceResetRequest).join(Device).join(Voter).where(*wanted)
    total = db.session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 1), pages)
    if state == WAITING:
        chosen = chosen.order_by(DeviceResetRequest.created_at, DeviceResetRequest.id)
    else:
        chosen = chosen.order_by(DeviceResetRequest.decided_at.desc(), DeviceResetRequest.id.desc())
    people = joinedload(DeviceResetRequest.device).joinedload(Device.voter), joinedload(DeviceResetRequest.decider)
    rows = chosen.options(*people).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    return Page(_lines(db.session.scalars(rows).all()), total, page, pages)


def line_of(request: DeviceResetRequest) -> Line:
    """Return one request with what it is judged by."""
    return _lines([request])[0]


def count_waiting() -> int:
    """Return how many requests wait for a decision."""
    waits = select(func.count()).where(DeviceResetRequest.decision.is_(None))
    return db.session.scalar(waits) or 0


def standing(voter_id: int) -> Standing:
    """Return how a member's devices stand."""
    decided = Device.voter_id == voter_id, DeviceResetRequest.decision.is_not(None)
    newest = DeviceResetRequest.decided_at.desc(), DeviceResetRequest.id.desc()
    last = db.session.scalars(select(DeviceResetRequest).join(Device).where(*decided).order_by(*newest)).first()
    return Standing(active_device(voter_id), open_request(voter_id), last)


def _lines(requests: Sequence[DeviceResetRequest]) -> list[Line]:
    """Add the bound devices and the other users, in two queries for the whole page."""
    voters = {one.device.voter_id for one in requests}
    mine = Device.voter_id.in_(voters), Device.status == DeviceStatus.ACTIVE
    bound = {device.voter_id: device for device in db.session.scalars(select(Device).where(*mine))}
    prints = {one.device.fingerprint for one in requests}
    theirs = Device.fingerprint.in_(prints), Device.status.in_((DeviceStatus.ACTIVE, DeviceStatus.WAITING))
    shared = db.session.scalars(select(Device).where(*theirs).options(joinedload(Device.voter))).all()
    return [
        Line(
            one, bound.get(one.device.voter_id),
            [device.voter for device in shared
             if device.fingerprint == one.device.fingerprint and device.voter_id != one.device.voter_id],
        )
        for one in requests
    ]  # fmt: skip
