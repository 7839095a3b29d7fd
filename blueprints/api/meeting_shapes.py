"""Meetings, their attendance, and a member's check-in as the API takes and gives them."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from blueprints.api.election_shapes import Moment, Number
from blueprints.api.shapes import TEXT, Shape, Text
from models import AttendanceRecord, AttendanceSession, FlagKind, Group, Layer, RecordStatus
from services.attendance import Entries, checkin, codes, device_keys, layers, records, sessions
from services.clock import utc_now
from services.geo import Place

Title = Annotated[str, StringConstraints(min_length=1, max_length=sessions.MAX_TITLE, pattern=TEXT),
                  Field(examples=["Branch meeting"])]  # fmt: skip
Reason = Annotated[str, StringConstraints(min_length=1, max_length=records.MAX_REASON, pattern=TEXT),
                   Field(examples=["The phone is empty."])]  # fmt: skip
Stage = Literal["coming", "open", "closed"]
Latitude, Longitude = Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]
Page = Annotated[int, Field(ge=1, le=100_000)]
Words = Annotated[str, StringConstraints(max_length=100, pattern=TEXT)]


class OneGroup(Shape):
    """A group that can meet."""

    id: int
    name: str
    members: int


class Groups(Shape):
    """All groups, by name."""

    groups: list[OneGroup]


class Fence(Shape):
    """A place in degrees (WGS 84), and the radius in metres within which members must be."""

    latitude: Latitude
    longitude: Longitude
    radius_m: Annotated[int, Field(ge=sessions.RADIUS_M[0], le=sessions.RADIUS_M[1])] = 100


class NewMeeting(Shape):
    """A meeting of a group. `layers`: what is asked for after the code; `location` needs a place. A rolling code
    changes every 30 seconds."""

    group_id: Number
    title: Title
    starts_at: Moment
    minutes: Annotated[int, Field(ge=sessions.MINUTES[0], le=sessions.MINUTES[1])] = 60
    layers: Annotated[list[Layer], Field(max_length=len(Layer))] = []
    place: Fence | None = None
    rolling: bool = False
    late_after_minutes: Annotated[int, Field(ge=0, le=1440)] = 10

    def entries(self) -> Entries:
        """Return what was said as the service takes it."""
        place = self.place and Place(self.place.latitude, self.place.longitude, self.place.radius_m)
        named = ("group_id", "title", "starts_at", "minutes", "layers", "rolling", "late_after_minutes")
        return Entries(place=place, **{name: getattr(self, name) for name in named})


class OneMeeting(Shape):
    """A meeting; its code has an operation of its own."""

    id: int
    title: str
    group_id: int
    group: str
    starts_at: datetime
    ends_at: datetime
    closed_at: datetime | None
    stage: Stage
    layers: list[Layer]
    rolling: bool
    place: Fence | None
    late_after_minutes: int


class MeetingRow(OneMeeting):
    """A meeting in the list: members of its group, who of them is there, and how many wait for a review."""

    members: int
    present: int
    flagged: int


class Meetings(Shape):
    """A page of the meetings that you made (an admin: of all), the newest first."""

    meetings: list[MeetingRow]
    total: int
    page: int
    per_page: int


class MeetingQuery(Shape):
    """Which meetings: `q` words of the title or group, and the page."""

    q: Words = ""
    page: Page = 1


class ShownCode(Shape):
    """What the big screen shows; no code while the meeting is closed or the code over. `seconds_left`: until it
    changes or ends, None for a fixed one without an end. `present`: who is in the room now, doubtful ones too."""

    stage: Stage
    code: str | None
    seconds_left: float | None
    present: int
    members: int


class MoreMinutes(Shape):
    """How many minutes later the meeting ends."""

    minutes: Annotated[int, Field(ge=1, le=int(sessions.MOST_EXTENDED.total_seconds()) // 60)]


class OneFlag(Shape):
    """Why somebody should look at a check-in; figures and numbers as evidence."""

    kind: FlagKind
    evidence: dict[str, Any]


class OneRecord(Shape):
    """A check-in. `layers` says of each layer passed, doubtful or missing."""

    id: int
    status: RecordStatus
    checked_in_at: datetime
    late: bool
    left_at: datetime | None
    left_early: bool
    by_hand: bool
    layers: dict[str, str]
    flags: list[OneFlag]


class AttendanceLine(Shape):
    """A member and the check-in, None for who is absent."""

    voter_id: str
    name: str
    record: OneRecord | None


class Attendance(Shape):
    """A page of the attendance table; `total` counts the lines that were asked for, `present` who is there."""

    attendance: list[AttendanceLine]
    members: int
    present: int
    flagged: int
    late: int
    left: int
    total: int
    page: int
    per_page: int


class AttendanceQuery(Shape):
    """Which lines of the table, and the page."""

    status: Literal["confirmed", "flagged", "rejected", "absent"] | None = None
    page: Page = 1


class ByHand(Shape):
    """A member who is checked in without a phone, and why."""

    voter_id: Text
    reason: Reason


class OwnMeeting(Shape):
    """A meeting of one of your groups, and what became of your check-in. `stage` is over an hour after the end."""

    id: int
    title: str
    group: str
    starts_at: datetime
    ends_at: datetime
    stage: Literal["coming", "open", "over"]
    status: RecordStatus | None


class OwnMeetings(Shape):
    """Your meetings, the newest first, fifty at most."""

    meetings: list[OwnMeeting]


class CheckIn(Shape):
    """How your check-in stands. `next` is the step that is due: the code, a layer, or done.

    `to_sign`, for the device layer: bytes in base64 that the device's key signs (ECDSA, P-256, SHA-256; r and s one
    after the other), good for this check-in only.
    """

    meeting: OwnMeeting
    next: Literal["code", "device", "location", "selfie", "room", "done"]
    layers: list[Layer]
    shown: list[Layer]
    to_sign: str | None = None
    checked_in_at: datetime | None = None
    late: bool | None = None
    note: str | None = None


def meeting_of(found: AttendanceSession) -> OneMeeting:
    """Return a meeting in the shape of the API."""
    return OneMeeting(**_meeting(found))


def row_of(found: sessions.SessionRow) -> MeetingRow:
    """Return a line of the list in the shape of the API."""
    return MeetingRow(**_meeting(found.session), members=found.members, present=found.present, flagged=found.flagged)


def code_of(found: AttendanceSession) -> ShownCode:
    """Return what the big screen shows now."""
    now, counted = utc_now(), sessions.figures_of(found)
    shown, stage = codes.shown(found, now), _stage(found, now)
    over = stage == "closed" or (shown.until is not None and shown.until <= now)
    return ShownCode(
        stage=stage, code=None if over else shown.code, present=sessions.here_now(found.id), members=counted.members,
        seconds_left=max(0.0, (shown.until - now).total_seconds()) if shown.until else None,
    )  # fmt: skip


def record_of(found: AttendanceRecord) -> OneRecord:
    """Return a check-in as staff see it, without pictures."""
    return OneRecord(
        id=found.id, status=found.status, checked_in_at=found.checked_in_at, late=found.late, left_at=found.left_at,
        left_early=records.left_early(found), by_hand=found.entered_by is not None,
        layers={name: layer["result"] for name, layer in found.layers.items()},
        flags=[OneFlag(kind=flag.kind, evidence=flag.evidence) for flag in found.flags],
    )  # fmt: skip


def line_of(found: records.Line) -> AttendanceLine:
    """Return a line of the attendance table."""
    record = found.record and record_of(found.record)
    return AttendanceLine(voter_id=found.voter.voter_id, name=found.voter.name, record=record)


def own_meeting_of(found: AttendanceSession, record: AttendanceRecord | None) -> OwnMeeting:
    """Return a meeting as its member sees it."""
    return OwnMeeting(
        id=found.id, title=found.title, group=found.group.name, starts_at=found.starts_at, ends_at=found.ends_at,
        stage=checkin.stage(found, utc_now()), status=record and record.status,
    )  # fmt: skip


def check_in_of(meeting_id: int, voter_id: int) -> CheckIn:
    """Return how a member's check-in stands; raises NotFound for the meeting of another group."""
    found, record = sessions.for_member(meeting_id, voter_id), checkin.record_of(meeting_id, voter_id)
    attempt = None if record else checkin.find_open(meeting_id, voter_id)
    due = layers.following(attempt) if attempt else None
    shown = record.layers if record else attempt.layers if attempt else {}
    message = device_keys.message(attempt.id, attempt.nonce) if attempt and due is Layer.DEVICE else None
    return CheckIn(
        meeting=own_meeting_of(found, record), next="done" if record else due.value if due else "code",
        layers=[Layer(name) for name in found.layers], shown=[layer for layer in Layer if layer.value in shown],
        to_sign=base64.b64encode(message).decode() if message else None,
        checked_in_at=record and record.checked_in_at, late=record and record.late,
        note=record and record.review_note,
    )  # fmt: skip


def _meeting(found: AttendanceSession) -> dict[str, Any]:
    group: Group = found.group
    place = sessions.fence_of(found)
    fence = place and Fence(latitude=place.latitude, longitude=place.longitude, radius_m=round(place.radius_m))
    same = ("id", "title", "group_id", "starts_at", "ends_at", "closed_at", "rolling", "late_after_minutes")
    named = {name: getattr(found, name) for name in same}
    return named | {
        "group": group.name, "stage": _stage(found, utc_now()), "place": fence,
        "layers": [Layer(name) for name in found.layers],
    }  # fmt: skip


def _stage(found: AttendanceSession, now: datetime) -> Stage:
    if found.closed_at is not None or found.ends_at <= now:
        return "closed"
    return "coming" if found.starts_at - sessions.EARLY > now else "open"
