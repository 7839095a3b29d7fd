"""Meetings: sessions with a code, check-ins in layers, flags instead of refusals, devices, the attendance table."""

from models import Layer
from services.attendance import (
    checkin,
    codes,
    device_changes,
    device_names,
    devices,
    evidence,
    fence,
    figure_files,
    layers,
    location,
    member_rates,
    overview,
    photos,
    records,
    review_list,
    reviews,
    selfie,
    sessions,
    steps,
)
from services.attendance.forgetting import forget_old
from services.attendance.outcomes import Begun, Entry, NoCheckIn, NotThisStep
from services.attendance.sessions import Entries, close_due

__all__ = [
    "Begun",
    "Entries",
    "Entry",
    "Layer",
    "NoCheckIn",
    "NotThisStep",
    "checkin",
    "close_due",
    "codes",
    "device_changes",
    "device_names",
    "devices",
    "evidence",
    "fence",
    "figure_files",
    "forget_old",
    "layers",
    "location",
    "member_rates",
    "overview",
    "photos",
    "records",
    "review_list",
    "reviews",
    "selfie",
    "sessions",
    "steps",
]
