"""Meetings in words and JSON: states, layers, flags, times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from blueprints.meeting_words import LAYERS as LAYERS
from models import AttendanceRecord, AttendanceSession
from services.attendance import records, sessions
from services.clock import utc_now

LAYER_HINTS: Mapping[str, Any] = {
    "device": N_("The phone signs with a key that never leaves it. One phone a member."),
    "location": N_("The phone says where it is. It must be inside the circle below."),
    "selfie": N_("A live check of the face, compared with the enrolled pictures."),
    "room": N_("One picture of the room, so that you see who sat where."),
}
RESULTS: Mapping[str, Any] = {"passed": N_("Good"), "doubtful": N_("Doubt"), "missing": N_("Not shown")}
STATES: Mapping[str, Any] = {
    "confirmed": N_("Present"), "flagged": N_("To review"), "rejected": N_("Rejected"), "absent": N_("Absent"),
}  # fmt: skip


def stage(session: AttendanceSession) -> str:
    """Return coming, open or closed."""
    now = utc_now()
    if session.closed_at is not None or session.ends_at <= now:
        return "closed"
    return "coming" if session.starts_at - sessions.EARLY > now else "open"


def meeting_json(session: AttendanceSession) -> dict[str, Any]:
    """Return a meeting as JSON; its code stands on the screen only."""
    return {
        "id": session.id, "title": session.title, "group": {"id": session.group_id, "name": session.group.name},
        "starts_at": session.starts_at.isoformat(), "ends_at": session.ends_at.isoformat(),
        "closed_at": session.closed_at.isoformat() if session.closed_at else None, "stage": stage(session),
        "layers": list(session.layers), "rolling": session.rolling, "latitude": session.latitude,
        "longitude": session.longitude, "radius_m": session.radius_m,
        "late_after_minutes": session.late_after_minutes,
    }  # fmt: skip


def line_json(line: records.Line) -> dict[str, Any]:
    """Return a line of the attendance table as JSON."""
    found = line.record
    member = {"voter_id": line.voter.voter_id, "name": line.voter.name, "status": line.state}
    return member | record_json(found) if found else member


def record_json(record: AttendanceRecord) -> dict[str, Any]:
    """Return a check-in as JSON, without pictures."""
    return {
        "id": record.id, "status": record.status.value, "checked_in_at": record.checked_in_at.isoformat(),
        "late": record.late, "left_at": record.left_at.isoformat() if record.left_at else None,
        "left_early": records.left_early(record), "by_hand": record.entered_by is not None,
        "layers": {name: found["result"] for name, found in record.layers.items()},
        "flags": [{"kind": flag.kind.value, "evidence": flag.evidence} for flag in record.flags],
    }  # fmt: skip


def month(name: str) -> str:
    """Return a month, such as 2026-11, in words."""
    return format_date(date(int(name[:4]), int(name[5:]), 1), "MMMM y")


def figures_sentence(counted: records.Figures) -> str:
    """Return who is there, in one or two sentences."""
    words = _("%(there)s of %(members)s members checked in.", there=counted.there, members=counted.members)
    if counted.flagged:
        words += " " + _("%(flagged)s wait for your review.", flagged=counted.flagged)
    if counted.late:
        words += " " + _("%(late)s came late.", late=counted.late)
    if counted.left:
        words += " " + _("%(left)s left.", left=counted.left)
    return words
