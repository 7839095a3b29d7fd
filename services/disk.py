"""Room on the disks that hold pictures, database and logs."""

from __future__ import annotations

import math
import shutil

from services import email_service
from services.context import platform

BYTES_PER_MB = 1024 * 1024
HEADLINE = "The disk is nearly full"
WORDS = (
    "Booths accept no new check of a face until there is room again. Ballots that are open can be cast, and voters can"
    " be identified by document.\nMake room, or lower SNAPSHOT_DAYS or SNAPSHOT_MB; the worker then removes old"
    " pictures within the hour."
)

AWAY = "Pictures can be neither stored nor read"
AWAY_WORDS = (
    "The place where they lie does not answer. Until it does, booths can check no face, and the desk shows and stores"
    " no picture. Ballots that are open can be cast, and voting links work."
    "\nflask check says what is wrong; see docs/storage.md."
)


def free_mb() -> float:
    """Return the megabytes left where it is tightest: the folder of the pictures, or that of all that runs."""
    pictures = platform().storage.free_bytes()
    room = [] if pictures is None else [pictures]
    folder = platform().settings.var_folder
    if folder.exists():
        room.append(shutil.disk_usage(folder).free)
    return min(room, default=math.inf) / BYTES_PER_MB


def is_low() -> bool:
    """Tell whether less than DISK_FLOOR_MB is left; the rest is for attempts under way and for the database."""
    return free_mb() < platform().settings.disk_floor_mb


def trouble() -> str | None:
    """Return in words for the operator that room runs out where pictures and the embedded database lie, else None."""
    if not is_low():
        return None
    return f"Below DISK_FLOOR_MB={platform().settings.disk_floor_mb}: make room, no check of a face begins."


def alert() -> bool:
    """Tell the commissioner, at most once an hour; return whether a mail was queued in the caller's transaction."""
    return email_service.queue_system_alert(HEADLINE, WORDS) is not None


def alert_away() -> bool:
    """Tell the commissioner that files can be neither stored nor read; otherwise as `alert`."""
    return email_service.queue_system_alert(AWAY, AWAY_WORDS) is not None
