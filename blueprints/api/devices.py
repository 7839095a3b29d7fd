"""Devices that members check in with: the own one, asking for another, and the decision of an admin."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from flask import g
from pydantic import Field, StringConstraints

from blueprints import limits
from blueprints.api import bp
from blueprints.api.check_in import PlatformId
from blueprints.api.meeting_shapes import Page, Words
from blueprints.api.operations import documented
from blueprints.api.shapes import TEXT, Base64, Shape
from blueprints.http import current_actor
from blueprints.policy import requires
from models import Device, DeviceKind, DeviceResetRequest, ResetDecision, transaction
from services.attendance import device_changes, device_names, devices
from services.security import Permission

GROUP = "Devices"
Reason = Annotated[str, StringConstraints(min_length=1, max_length=devices.MAX_REASON, pattern=TEXT),
                   Field(examples=["The old phone is lost."])]  # fmt: skip
Note = Annotated[str, StringConstraints(max_length=devices.MAX_REASON, pattern=TEXT)]


class BoundDevice(Shape):
    """A device: what its browser or app calls itself, and whether it proves itself by a key or a platform's ID."""

    name: str
    kind: DeviceKind


class OwnRequest(Shape):
    """Your request for another device. The note is what was answered."""

    device: BoundDevice
    reason: str
    asked_at: datetime
    decision: ResetDecision | None
    note: str | None


class OwnDevice(Shape):
    """The device that you check in with, null before the first; the request that waits, and the last one decided."""

    bound: BoundDevice | None
    waiting: OwnRequest | None
    last: OwnRequest | None


class AnotherKey(Shape):
    """The public key (P-256, SubjectPublicKeyInfo) of the device, in base64, and why you use another one."""

    public_key: Base64
    reason: Reason


class AnotherPlatformId(PlatformId):
    """The ID that an app's platform gives the device, and why you use another one."""

    reason: Reason


class RequestQuery(Shape):
    """Which requests: those that wait from the oldest on, or those decided from the newest on. `q`: a name or voter
    ID."""

    state: Literal["waiting", "decided"] = "waiting"
    q: Words = ""
    page: Page = 1


class DeviceRequest(OwnRequest):
    """A member's request. `bound`: the device until now; `others`: voter IDs of members who use the same device."""

    id: int
    voter_id: str
    name: str
    bound: BoundDevice | None
    others: list[str]
    decided_by: str | None
    decided_at: datetime | None


class DeviceRequests(Shape):
    """A page of requests; `waiting` counts all that wait."""

    requests: list[DeviceRequest]
    waiting: int
    total: int
    page: int
    pages: int
    per_page: int


class DeviceApproval(Shape):
    """A note for the member, if you like."""

    note: Note = ""


class DeviceRefusal(Shape):
    """Why not. The member reads it."""

    note: Reason


@bp.get("/me/device")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.API, key_func=limits.api_own_key)
@documented(GROUP, OwnDevice)
def own_device() -> OwnDevice:
    """Show the device that you check in with, and what became of your requests for another."""
    return _own()


@bp.post("/me/device")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.CODES, key_func=limits.api_own_key)
@documented(GROUP, OwnDevice, AnotherKey, status=201, refuses=(409,))
def ask_for_device(body: AnotherKey) -> OwnDevice:
    """Ask to check in with this device from now on, by its key. An admin decides; repeated it changes nothing."""
    with transaction():
        devices.ask_for_change(g.principal.id, body.public_key, body.reason, current_actor())
    return _own()


@bp.post("/me/platform-device")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.CODES, key_func=limits.api_own_key)
@documented(GROUP, OwnDevice, AnotherPlatformId, status=201, refuses=(409,))
def ask_for_platform_device(body: AnotherPlatformId) -> OwnDevice:
    """Ask the same for a device that proves itself by the ID of an app's platform."""
    with transaction():
        devices.ask_for_platform_device(g.principal.id, body.platform_id, body.reason, current_actor())
    return _own()


@bp.get("/device-requests")
@requires(Permission.DECIDE_DEVICES)
@documented(GROUP, DeviceRequests, query=RequestQuery)
def list_device_requests(query: RequestQuery) -> DeviceRequests:
    """List members who ask for another device. A page beyond the last one is the last one."""
    found = device_changes.search(query.state, query.q.strip(), query.page)
    return DeviceRequests(
        requests=[_request(line) for line in found.lines], waiting=device_changes.count_waiting(), total=found.total,
        page=found.page, pages=found.pages, per_page=device_changes.PAGE_SIZE,
    )  # fmt: skip


@bp.post("/device-requests/<int:request_id>/approve")
@requires(Permission.DECIDE_DEVICES)
@documented(GROUP, DeviceRequest, DeviceApproval, refuses=(409,))
def approve_device(request_id: int, body: DeviceApproval) -> DeviceRequest:
    """Bind the new device in place of the old one. A mail tells the member."""
    return _decided(request_id, True, body.note)


@bp.post("/device-requests/<int:request_id>/refuse")
@requires(Permission.DECIDE_DEVICES)
@documented(GROUP, DeviceRequest, DeviceRefusal, refuses=(409,))
def refuse_device(request_id: int, body: DeviceRefusal) -> DeviceRequest:
    """Leave the member with the old device. A mail tells the member why."""
    return _decided(request_id, False, body.note)


def _own() -> OwnDevice:
    now = device_changes.standing(g.principal.id)
    return OwnDevice(bound=_device(now.bound), waiting=_own_request(now.waiting), last=_own_request(now.last))


def _own_request(asked: DeviceResetRequest | None) -> OwnRequest | None:
    return OwnRequest(**_asked(asked)) if asked else None


def _asked(asked: DeviceResetRequest) -> dict[str, object]:
    same = {name: getattr(asked, name) for name in ("reason", "decision", "note")}
    return same | {"device": _device(asked.device), "asked_at": asked.created_at}


def _decided(request_id: int, approve: bool, note: str) -> DeviceRequest:
    with transaction():
        asked = devices.decide(request_id, approve, note, current_actor())
    return _request(device_changes.line_of(asked))


def _request(line: device_changes.Line) -> DeviceRequest:
    asked, member = line.request, line.request.device.voter
    return DeviceRequest(
        **_asked(asked), id=asked.id, voter_id=member.voter_id, name=member.name, bound=_device(line.bound),
        others=[one.voter_id for one in line.others], decided_at=asked.decided_at,
        decided_by=asked.decider.username if asked.decider else None,
    )  # fmt: skip


def _device(device: Device | None) -> BoundDevice | None:
    return BoundDevice(name=device_names.spoken(device.label), kind=device.kind) if device else None
